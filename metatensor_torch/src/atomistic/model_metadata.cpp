// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>
#include <sstream>

#include "json.hpp"
#include "metatomic/torch/model.hpp"

namespace metatomic_torch {

using detail::Json;

namespace {

constexpr size_t N_COLUMNS = 80;

struct Section {
    const char* name;
    const char* title;
};

/// Sections of the references, in the order in which they are printed.
constexpr Section SECTIONS[] = {
    {"model", "- about this specific model:\n"},
    {"architecture", "- about the architecture of this model:\n"},
    {"implementation", "- about the implementation of this model:\n"},
};

/// The words of `text` in lines of at most 80 columns, after `bullet` in the first line and as many spaces in
/// others.
std::string wrapped(const std::string& bullet, const std::string& text) {
    std::string result = bullet;
    auto column = bullet.size();
    auto is_first = true;
    std::istringstream words(text);
    for (std::string word; words >> word;) {
        if (!is_first && column + 1 + word.size() > N_COLUMNS) {
            result += "\n" + std::string(bullet.size(), ' ');
            column = bullet.size();
        } else if (!is_first) {
            result += ' ';
            ++column;
        }
        result += word;
        column += word.size();
        is_first = false;
    }
    return result + "\n";
}

void check_authors(const std::vector<std::string>& authors) {
    for (const auto& author : authors) {
        TORCH_CHECK_VALUE(!author.empty(), "an author in ModelMetadata can not be an empty text");
    }
}

void check_references(const torch::Dict<std::string, std::vector<std::string>>& references) {
    for (const auto& entry : references) {
        const auto known = std::any_of(std::begin(SECTIONS), std::end(SECTIONS),
                                       [&](const auto& section) { return section.name == entry.key(); });
        TORCH_CHECK_VALUE(known, "unknown section '", entry.key(),
                          "' of the references in ModelMetadata: it must be ",
                          "one of 'implementation', 'architecture', 'model'");
        for (const std::string& reference : entry.value()) {
            TORCH_CHECK_VALUE(!reference.empty(),
                              "a reference in ModelMetadata can not be an empty text (section '", entry.key(),
                              "')");
        }
    }
}

} // namespace

ModelMetadataData::ModelMetadataData(std::string name, std::string description,
                                     std::vector<std::string> authors,
                                     torch::Dict<std::string, std::vector<std::string>> references,
                                     torch::Dict<std::string, std::string> extra)
    : name(std::move(name)),
      description(std::move(description)),
      authors(std::move(authors)),
      references(std::move(references)),
      extra(std::move(extra)) {
    validate();
}

void ModelMetadataData::set_authors(std::vector<std::string> authors) {
    check_authors(authors);
    this->authors = std::move(authors);
}

void ModelMetadataData::set_references(torch::Dict<std::string, std::vector<std::string>> references) {
    check_references(references);
    this->references = std::move(references);
}

void ModelMetadataData::validate() const {
    check_authors(authors);
    check_references(references);
}

std::string ModelMetadataData::print() const {
    const auto title =
        name.empty() ? std::string("This is an unnamed model") : "This is the " + name + " model";
    auto text = title + "\n" + std::string(title.size(), '=') + "\n";

    if (!description.empty()) text += "\n" + wrapped("", description);
    if (!authors.empty()) {
        text += "\nModel authors\n-------------\n\n";
        for (const auto& author : authors)
            text += wrapped("- ", author);
    }

    std::string cited;
    for (const auto& section : SECTIONS) {
        const auto found = references.find(section.name);
        if (found == references.end() || found->value().empty()) continue;
        cited += section.title;
        for (const std::string& reference : found->value())
            cited += wrapped("  * ", reference);
    }
    if (!cited.empty()) {
        text += "\nModel references\n----------------\n\n"
                "Please cite the following references when using this model:\n" +
                cited;
    }
    return text;
}

std::string ModelMetadataData::to_json() const {
    return detail::write_json({
        {"class", "ModelMetadata"},
        {"name", name},
        {"description", description},
        {"authors", authors},
        {"references", detail::object_of(references, [](const auto& section) { return Json(section); })},
        {"extra", detail::object_of(extra, [](const auto& text) { return Json(text); })},
    });
}

ModelMetadataData ModelMetadataData::parse_json(std::string_view text) {
    return detail::read_json(text, "ModelMetadata", [](const Json& json) {
        using detail::value_or;
        torch::Dict<std::string, std::vector<std::string>> references;
        for (const auto& [section, entries] : detail::object_at(json, "references").items()) {
            references.insert(section, entries.get<std::vector<std::string>>());
        }
        torch::Dict<std::string, std::string> extra;
        for (const auto& [key, value] : detail::object_at(json, "extra").items()) {
            extra.insert(key, value.get<std::string>());
        }
        return ModelMetadataData(
            value_or(json, "name", std::string()), value_or(json, "description", std::string()),
            value_or(json, "authors", std::vector<std::string>()), std::move(references), std::move(extra));
    });
}

ModelMetadata ModelMetadataHolder::from_json(std::string_view json) {
    return torch::make_intrusive<ModelMetadataHolder>(parse_json(json));
}

} // namespace metatomic_torch
