// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include "array.hpp"

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <vector>

namespace metatensor_kokkos {

/// The atoms that an engine has on this rank: first those it owns, then its ghosts (copies of atoms of other
/// ranks, and periodic images).
struct Atoms {
    /// `[n_owned + n_ghosts, 3]`, float64, contiguous.
    Array positions;
    /// `[n_owned + n_ghosts]`, int32: the engine's types, counted from 1.
    Array types;
    /// `[n_owned + n_ghosts]`, int32 or int64: an identifier > 0, the same for all copies and images of an
    /// atom.
    Array tags;
    /// `[n_owned + n_ghosts]`, int32: bits of the groups that an atom is in; read only if
    /// `ModelTypes::left_out_groups` names one.
    Array groups;
    std::int64_t n_owned = 0;
};

/// The simulation box, and the part of it whose atoms this rank owns.
struct Box {
    using Matrix = std::array<std::array<double, 3>, 3>;

    /// Rows are the box vectors, also along directions that are not periodic.
    Matrix vectors{};
    std::array<double, 3> origin{};
    std::array<bool, 3> periodic{};
    /// The rank's part, in fractions of the box vectors: `0 <= lower <= fraction < upper <= 1`.
    std::array<double, 3> lower{0, 0, 0};
    std::array<double, 3> upper{1, 1, 1};

    /// H^-1, for fractions = (x - origin) @ H^-1.
    /// @throws std::invalid_argument for a box without volume.
    Matrix inverse() const;

    /// The cell that a model sees: rows of directions that are not periodic are zero.
    Matrix cell() const;
};

/// The engine's full neighbor list: for each center the indices of its neighbors among all atoms.
struct NeighborRows {
    /// `[n_rows]` int32: the atom at the center of each row.
    Array centers;
    /// `[n_owned + n_ghosts]` int32, by atom: number of neighbors.
    Array counts;
    /// `[n_owned + n_ghosts, largest count]` int32, by atom: its neighbors.
    Array matrix;
    /// Lists on the host, which have no matrix: by atom, its first neighbor; the others follow in memory.
    const int* const* pages = nullptr;
    /// Bits of an entry that hold the index.
    std::int32_t index_mask = 0x1FFFFFFF;
    /// Whether the neighbors of an atom stand in another order in each run: then they are sorted, so that
    /// sums over them are the same.
    bool order_varies = false;
};

/// Pairs that a model asks for.
struct PairRequest {
    /// In the engine's unit of length. Pairs at exactly this distance are part of the list.
    double cutoff = 0;
    /// Each pair twice, as i-j and j-i, or once.
    bool full_list = true;
    /// Ghosts that are centers of pairs: those no farther than this outside of the rank's part of the box.
    /// Negative: none.
    double ghost_center_depth = -1;
};

/// Where a Marshaller writes the pairs of a request.
struct PairArrays {
    /// `[room, 3]`, float32 or float64: r_ij = r_j - r_i + S @ H, H the cell
    Array vectors;
    /// `[room, 5]`, int32: first atom, second atom (rows of the System), cell shift S
    Array samples;
};

/// Which atoms are part of the System, and what they are there.
struct ModelTypes {
    /// By engine type (entry 0 unused): the model's type.
    std::vector<std::int32_t> types;
    /// By engine type: whether atoms of this type are part of the System.
    std::vector<std::int32_t> included;
    /// Atoms in a group with one of these bits are left out.
    std::int32_t left_out_groups = 0;
    /// Ghosts farther than this outside of the rank's part of the box are left out.
    double depth = std::numeric_limits<double>::infinity();
};

/// Turns what an engine stores (atoms with ghosts, neighbor rows) into what a model reads (one row for each
/// atom, pairs with cell shifts), and the gradients of the model into forces.
///
/// Every image of an atom is folded onto one representative: the owned atom if this rank has it, else the
/// ghost that is the least far outside of the rank's part of the box when the list is built. The System has
/// one row for each representative, owned atoms first, in the engine's order.
///
/// `rebuild` is called when the engine has rebuilt its neighbor list; between two rebuilds the pairs only
/// have to be tested against the cutoff. Pairs are in rows by first atom. The order of everything is the same
/// in each run. A half list has each pair of two centers once, and each pair of a center with a ghost that is
/// none.
///
/// All arrays are in the memory of the execution space, `place()`. On a device, what is called between two
/// rebuilds only starts kernels, one after the other on `stream()`, and returns; but for `room_for_pairs`,
/// which waits once. Types may change between two rebuilds: `compare_types` tells.
class Marshaller {
  public:
    virtual ~Marshaller() = default;

    /// Where the arrays are.
    virtual Place place() const = 0;
    /// The `cudaStream_t` that kernels run on; null on the host.
    virtual void* stream() const = 0;

    /// Finds the representatives and, for each request, the pairs that can come within its cutoff. `skin` is
    /// how far an atom pair may approach until the next `rebuild`.
    virtual void rebuild(const Atoms& atoms, const Box& box, const NeighborRows& list,
                         const ModelTypes& model_types, const std::vector<PairRequest>& requests,
                         double skin) = 0;

    /// Number of atoms in the System.
    virtual std::int64_t n_rows() const = 0;
    /// Number of atoms in the System that this rank owns: the first rows.
    virtual std::int64_t n_owned_rows() const = 0;
    /// `[n_rows]` int32: the engine's index of the atom of each row. Valid until the next `rebuild`.
    virtual Array atom_of_row() const = 0;
    /// Bytes that are held until the next `rebuild`, on the host or the device.
    virtual std::int64_t bytes() const = 0;

    /// Writes the model's types, `[n_rows]` int32.
    virtual void write_types(const Array& types) const = 0;
    /// Writes `[n_rows, 3]` positions, float32 or float64.
    virtual void write_positions(const Array& engine_positions, const Array& positions) const = 0;
    /// Compares the engine's types, `[n_owned + n_ghosts]` int32, with those at the last `rebuild`; the next
    /// `room_for_pairs` waits for the result.
    virtual void compare_types(const Array& types) = 0;
    /// Whether they were the same. If not, what follows from the last `rebuild` has no meaning.
    virtual bool has_same_types() const = 0;
    /// Rows that the arrays of each request need in a `write_pairs` for the same positions, which must
    /// follow: the numbers of pairs within the cutoff. The calling thread, which is quicker when it finds
    /// and writes pairs at once, returns upper bounds.
    ///
    /// @throws std::invalid_argument unless the positions are contiguous.
    virtual std::vector<std::int64_t> room_for_pairs(const Array& engine_positions) = 0;
    /// Writes the pairs within the cutoff, for each request into its arrays, and returns their numbers. What
    /// is in the arrays behind them is undefined.
    ///
    /// @throws std::invalid_argument unless all arrays, and the engine's positions, are contiguous.
    virtual std::vector<std::int64_t> write_pairs(const Array& engine_positions,
                                                  const std::vector<PairArrays>& pairs) = 0;

    /// Starts a new sum of forces.
    virtual void clear_forces() = 0;
    /// Adds `gradients` = dE/dr_ij, `[n_pairs, 3]`, for the pairs last written for this request.
    virtual void add_pair_gradients(std::size_t request, const Array& gradients) = 0;
    /// Adds `gradients` = dE/dx, `[n_rows, 3]`, of a model that uses positions directly.
    virtual void add_position_gradients(const Array& gradients) = 0;
    /// Writes dE/d(strain), `[9]` float64, row-major, of all that was added, for the positions that the pairs
    /// were written for.
    virtual void write_strain_gradient(const Array& engine_positions, const Array& result) const = 0;
    /// Adds the forces -dE/dx to the engine's `[n_owned + n_ghosts, 3]` float64 array, of any strides.
    /// Periodic images keep what acts on them: the engine adds it to their atoms.
    virtual void add_forces_to(const Array& engine_forces) const = 0;

    /// Adds energies of atoms, `[n_owned_rows]` float32 or float64, to those of the engine, `[n_owned, ...]`
    /// float64.
    virtual void add_atom_energies_to(const Array& engine_energies, const Array& energies) const = 0;
    /// Adds the virials of the pairs last written for this request, of which `gradients` = dE/dr_ij,
    /// `[n_pairs, 3]`, to the engine's `[n_owned + n_ghosts, 6]` float64 array: xx, yy, zz, xy, xz, yz, half
    /// of -r_ij (x) dE/dr_ij to each of the two atoms; or to a `[n_owned + n_ghosts, 9]` array: then also yx,
    /// zx, zy, and all to the second atom, as the heat flux of many-body potentials needs it.
    virtual void add_atom_virials_to(const Array& engine_virials, const Array& engine_positions,
                                     std::size_t request, const Array& gradients) const = 0;
};

/// What runs the kernels of a Marshaller.
enum class Execution : std::uint8_t {
    /// The thread that calls; arrays on the host.
    calling_thread,
    /// All threads that Kokkos has on the host.
    host,
    /// Kokkos's default execution space: a GPU if it was built for one, else the host.
    device
};

/// The quickest for arrays on the host: `host`, or `calling_thread` if Kokkos has no other.
Execution find_host_execution();

std::unique_ptr<Marshaller> make_marshaller(Execution execution);

} // namespace metatensor_kokkos
