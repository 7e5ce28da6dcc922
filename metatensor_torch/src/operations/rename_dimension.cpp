// SPDX-License-Identifier: BSD-3-Clause
#include <algorithm>

#include "check.hpp"
#include "metatensor/torch/operations/dimensions.hpp"
#include "operations/detail/blocks.hpp"
#include "operations/detail/change_labels.hpp"

namespace metatensor_torch {

namespace {

using details::Axis;
using details::BlockData;
using details::BlockPtr;

/// Renames a dimension of labels; the names of all labels given to it are checked only when they change.
class Renaming {
  public:
    Renaming(std::string from, std::string to) : from_(std::move(from)), to_(std::move(to)) {}

    /// Whether the dimension is one of `labels`, not counting the first `n_kept`
    bool concerns(const Labels& labels, int64_t n_kept = 0) const {
        const auto& names = labels->names();
        return std::find(names.begin() + n_kept, names.end(), from_) != names.end();
    }

    /// `labels`, which it concerns, with the new name
    Labels operator()(const Labels& labels, int64_t n_kept = 0) {
        auto& known = known_[n_kept];
        auto& renamed = known.renamed[labels.get()];
        if (!renamed) {
            if (labels->names() != known.names) {
                known.names = labels->names();
                known.new_names = known.names;
                *std::find(known.new_names.begin() + n_kept, known.new_names.end(), from_) = to_;
                details::check_names(known.new_names);
            }
            renamed = torch::make_intrusive<LabelsHolder>(known.new_names, labels->values(), labels->data());
        }
        return renamed;
    }

  private:
    /// Last names that were changed, and all labels that were
    struct Known {
        std::vector<std::string> names;
        std::vector<std::string> new_names;
        std::unordered_map<const LabelsHolder*, Labels> renamed;
    };

    std::string from_;
    std::string to_;
    /// by the number of dimensions that keep their names, 0 or 1
    Known known_[2];
};

BlockPtr rename_samples(const BlockData& block, int64_t n_kept, Renaming& renaming) {
    auto renamed = std::make_shared<BlockData>(block);
    if (renaming.concerns(block.samples, n_kept)) {
        renamed->samples = renaming(block.samples, n_kept);
    }
    for (auto& [parameter, gradient] : renamed->gradients) {
        // the first dimension, "sample", is what makes it a gradient
        gradient = rename_samples(*gradient, 1, renaming);
    }
    return renamed;
}

BlockPtr rename_components(const BlockData& block, Renaming& renaming, bool& found) {
    auto renamed = std::make_shared<BlockData>(block);
    for (auto& component : renamed->components) {
        if (renaming.concerns(component)) {
            component = renaming(component);
            found = true;
        }
    }
    for (size_t i = 0; i < renamed->components.size(); ++i) {
        for (size_t j = 0; j < i; ++j) {
            const auto& name = renamed->components[i]->names()[0];
            TORCH_CHECK(renamed->components[j]->names()[0] != name,
                        "the components of a block must have different names, got '", name, "' twice");
        }
    }
    for (auto& [parameter, gradient] : renamed->gradients) {
        gradient = rename_components(*gradient, renaming, found);
    }
    return renamed;
}

BlockPtr rename_properties(const BlockData& block, Renaming& renaming) {
    auto renamed = std::make_shared<BlockData>(block);
    renamed->properties = renaming(block.properties);
    for (auto& [parameter, gradient] : renamed->gradients) {
        gradient = rename_properties(*gradient, renaming);
    }
    return renamed;
}

void check_found(bool found, const std::string& axis, const std::string& name) {
    TORCH_CHECK_VALUE(found, "there is no dimension '", name, "' in the ", axis,
                      " given to 'rename_dimension'");
}

} // namespace

TensorMap rename_dimension(const TensorMap& tensor, const std::string& axis, const std::string& old,
                           const std::string& new_name) {
    const auto where = details::axis_in("rename_dimension", axis,
                                        {Axis::keys, Axis::samples, Axis::components, Axis::properties});
    Renaming renaming(old, new_name);
    if (where == Axis::keys) {
        check_found(renaming.concerns(tensor->keys()), axis, old);
        return details::make_map(renaming(tensor->keys()), tensor->data(), tensor->info_entries());
    }
    bool found = tensor->data().empty();
    auto renamed = details::map_blocks(tensor, [&](const BlockData& block) {
        if (where == Axis::components) {
            return rename_components(block, renaming, found);
        }
        check_found(renaming.concerns(where == Axis::samples ? block.samples : block.properties), axis, old);
        found = true;
        return where == Axis::samples ? rename_samples(block, 0, renaming)
                                      : rename_properties(block, renaming);
    });
    check_found(found, axis, old);
    return renamed;
}

} // namespace metatensor_torch
