// SPDX-License-Identifier: BSD-3-Clause
#include "own_blas.hpp"

#if defined(__linux__) && (defined(__x86_64__) || defined(__aarch64__))

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <span>
#include <string_view>

namespace metatensor_lammps {

namespace {

#if defined(__x86_64__)
constexpr std::uint32_t slot_of_call = R_X86_64_JUMP_SLOT;
constexpr std::uint32_t slot_of_address = R_X86_64_GLOB_DAT;
#else
constexpr std::uint32_t slot_of_call = R_AARCH64_JUMP_SLOT;
constexpr std::uint32_t slot_of_address = R_AARCH64_GLOB_DAT;
#endif

/// What the dynamic linker reads from a library; System V ABI, chapter 5.
struct Image {
    const char* path = nullptr;
    std::uintptr_t base = 0;
    const ElfW(Sym) * symbols = nullptr;
    const char* names = nullptr;
    std::span<const ElfW(Rela)> calls;
    std::span<const ElfW(Rela)> others;
    /// What is read-only once the library is loaded.
    std::uintptr_t read_only_begin = 0;
    std::uintptr_t read_only_end = 0;
};

void read_dynamic_section(Image& image, const ElfW(Dyn) * entry) {
    // glibc has made addresses of what others leave as offsets
    const auto address = [&image](std::uintptr_t value) {
        return value < image.base ? image.base + value : value;
    };
    std::uintptr_t calls = 0;
    std::uintptr_t others = 0;
    std::size_t calls_size = 0;
    std::size_t others_size = 0;
    for (; entry->d_tag != DT_NULL; ++entry) {
        switch (entry->d_tag) {
        case DT_SYMTAB:
            image.symbols = reinterpret_cast<const ElfW(Sym)*>(address(entry->d_un.d_ptr));
            break;
        case DT_STRTAB:
            image.names = reinterpret_cast<const char*>(address(entry->d_un.d_ptr));
            break;
        case DT_JMPREL:
            calls = address(entry->d_un.d_ptr);
            break;
        case DT_PLTRELSZ:
            calls_size = entry->d_un.d_val;
            break;
        case DT_RELA:
            others = address(entry->d_un.d_ptr);
            break;
        case DT_RELASZ:
            others_size = entry->d_un.d_val;
            break;
        default:
            break;
        }
    }
    using Relocation = ElfW(Rela);
    image.calls = {reinterpret_cast<const Relocation*>(calls), calls_size / sizeof(Relocation)};
    image.others = {reinterpret_cast<const Relocation*>(others), others_size / sizeof(Relocation)};
}

int find_torch(dl_phdr_info* info, std::size_t /*size*/, void* result) {
    const std::string_view path = info->dlpi_name;
    if (path.substr(path.rfind('/') + 1).substr(0, 15) != "libtorch_cpu.so") return 0;
    auto& image = *static_cast<Image*>(result);
    image.path = info->dlpi_name;
    image.base = info->dlpi_addr;
    const ElfW(Dyn)* dynamic = nullptr;
    for (int k = 0; k < info->dlpi_phnum; ++k) {
        const auto& segment = info->dlpi_phdr[k];
        if (segment.p_type == PT_DYNAMIC) {
            dynamic = reinterpret_cast<const ElfW(Dyn)*>(image.base + segment.p_vaddr);
        } else if (segment.p_type == PT_GNU_RELRO) {
            image.read_only_begin = image.base + segment.p_vaddr;
            image.read_only_end = image.read_only_begin + segment.p_memsz;
        }
    }
    if (dynamic != nullptr) read_dynamic_section(image, dynamic);
    return 1;
}

/// Names as Fortran compilers make them: a letter for the precision, the rest, an underscore.
bool is_linear_algebra(std::string_view name) {
    if (name.size() < 5 || name.size() > 9 || name.back() != '_') return false;
    if (name.starts_with('i')) name.remove_prefix(1); // isamax_
    constexpr std::string_view precisions = "sdcz";
    if (precisions.find(name.front()) == std::string_view::npos) return false;
    for (const char letter : name.substr(1, name.size() - 2)) {
        const bool allowed = (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9');
        if (!allowed) return false;
    }
    return true;
}

bool write_slot(const Image& image, void** slot, void* function) {
    const auto address = reinterpret_cast<std::uintptr_t>(slot);
    const bool read_only = address >= image.read_only_begin && address < image.read_only_end;
    const auto page_size = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
    auto* const page = reinterpret_cast<void*>(address / page_size * page_size);
    if (read_only && mprotect(page, page_size, PROT_READ | PROT_WRITE) != 0) return false;
    *slot = function;
    if (read_only) mprotect(page, page_size, PROT_READ);
    return true;
}

bool same_library(const void* one, const void* other) {
    Dl_info first{};
    Dl_info second{};
    return dladdr(one, &first) != 0 && dladdr(other, &second) != 0 && first.dli_fbase == second.dli_fbase;
}

} // namespace

int use_own_blas() {
    Image image;
    dl_iterate_phdr(find_torch, &image);
    if (image.symbols == nullptr || image.names == nullptr) return 0;
    // with this handle dlsym looks into torch and the libraries that it needs, and nowhere else
    void* torch = dlopen(image.path, RTLD_LAZY | RTLD_NOLOAD);
    if (torch == nullptr) return 0;

    int n_changed = 0;
    for (const auto& table : {image.calls, image.others}) {
        for (const auto& relocation : table) {
            const auto type = static_cast<std::uint32_t>(ELF64_R_TYPE(relocation.r_info));
            if (type != slot_of_call && type != slot_of_address) continue;
            const char* name = image.names + image.symbols[ELF64_R_SYM(relocation.r_info)].st_name;
            if (!is_linear_algebra(name)) continue;
            auto** const slot = reinterpret_cast<void**>(image.base + relocation.r_offset);
            void* const own = dlsym(torch, name);
            if (own == nullptr || *slot == own) continue;
            // a slot that was not used yet leads to the linker, through torch's own code
            const bool is_foreign =
                !same_library(*slot, own) && !same_library(*slot, reinterpret_cast<void*>(image.base));
            if (write_slot(image, slot, own) && is_foreign) ++n_changed;
        }
    }
    dlclose(torch);
    return n_changed;
}

} // namespace metatensor_lammps

#else

namespace metatensor_lammps {

int use_own_blas() { return 0; }

} // namespace metatensor_lammps

#endif
