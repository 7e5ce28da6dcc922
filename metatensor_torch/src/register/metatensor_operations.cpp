// SPDX-License-Identifier: BSD-3-Clause
// The table of operations: one row each, with the signature that TorchScript and Python have
#include "register/operators.hpp"

#include <cctype>
#include <string>
#include <string_view>

#include "metatensor/torch/operations.hpp"

namespace metatensor_torch {

namespace {

constexpr OperatorRow OPERATIONS[] = {
    // checks
    op<&checks_enabled>("checks_enabled() -> bool"),
    op<&unsafe_disable_checks>("unsafe_disable_checks() -> ()"),
    op<&unsafe_enable_checks>("unsafe_enable_checks() -> ()"),

    // arithmetic
    op_with_union<&add>("add(TensorMap A, Union(float, int, TensorMap) B) -> TensorMap"),
    op_with_union<&subtract>("subtract(TensorMap A, Union(float, int, TensorMap) B) -> TensorMap"),
    op_with_union<&multiply>("multiply(TensorMap A, Union(float, int, TensorMap) B) -> TensorMap"),
    op_with_union<&divide>("divide(TensorMap A, Union(float, int, TensorMap) B) -> TensorMap"),
    op_with_union<&pow>("pow(TensorMap A, Union(float, int) B) -> TensorMap"),
    op<&abs>("abs(TensorMap A) -> TensorMap"),

    // linear algebra
    op<&dot>("dot(TensorMap tensor_1, TensorMap tensor_2) -> TensorMap"),
    op<&solve>("solve(TensorMap X, TensorMap Y) -> TensorMap"),
    op<&lstsq>("lstsq(TensorMap X, TensorMap Y, float? rcond, str? driver=None) -> TensorMap"),

    // comparison
    op<&allclose>("allclose(TensorMap tensor_1, TensorMap tensor_2, float rtol=1e-13, float atol=1e-12, bool "
                  "equal_nan=False) -> bool"),
    op_without_result<&allclose_raise>(
        "allclose_raise(TensorMap tensor_1, TensorMap tensor_2, float rtol=1e-13, float "
        "atol=1e-12, bool equal_nan=False) -> NoneType"),
    op<&allclose_block>("allclose_block(TensorBlock block_1, TensorBlock block_2, float rtol=1e-13, float "
                        "atol=1e-12, bool equal_nan=False) -> bool"),
    op_without_result<&allclose_block_raise>(
        "allclose_block_raise(TensorBlock block_1, TensorBlock block_2, float "
        "rtol=1e-13, float atol=1e-12, bool equal_nan=False) -> NoneType"),
    op<&equal>("equal(TensorMap tensor_1, TensorMap tensor_2) -> bool"),
    op_without_result<&equal_raise>("equal_raise(TensorMap tensor_1, TensorMap tensor_2) -> NoneType"),
    op<&equal_block>("equal_block(TensorBlock block_1, TensorBlock block_2) -> bool"),
    op_without_result<&equal_block_raise>(
        "equal_block_raise(TensorBlock block_1, TensorBlock block_2) -> NoneType"),
    op_with_union<&equal_metadata>("equal_metadata(TensorMap tensor_1, TensorMap tensor_2, Union(str[], "
                                   "str)? check=None, bool check_gradients=True) -> bool"),
    op_without_result<&equal_metadata_raise>(
        "equal_metadata_raise(TensorMap tensor_1, TensorMap tensor_2, "
        "Union(str[], str)? check=None, bool check_gradients=True) -> NoneType"),
    op_with_union<&equal_metadata_block>("equal_metadata_block(TensorBlock block_1, TensorBlock block_2, "
                                         "Union(str[], str)? check=None, bool check_gradients=True) -> bool"),
    op_without_result<&equal_metadata_block_raise>(
        "equal_metadata_block_raise(TensorBlock block_1, TensorBlock block_2, Union(str[], str)? check=None, "
        "bool check_gradients=True) -> NoneType"),

    // creation
    op_with_union<&empty_like>("empty_like(TensorMap tensor, Union(str, str[])? gradients=None, bool "
                               "requires_grad=False) -> TensorMap"),
    op_with_union<&empty_like_block>("empty_like_block(TensorBlock block, Union(str, str[])? gradients=None, "
                                     "bool requires_grad=False) -> TensorBlock"),
    op_with_union<&zeros_like>("zeros_like(TensorMap tensor, Union(str, str[])? gradients=None, bool "
                               "requires_grad=False) -> TensorMap"),
    op_with_union<&zeros_like_block>("zeros_like_block(TensorBlock block, Union(str, str[])? gradients=None, "
                                     "bool requires_grad=False) -> TensorBlock"),
    op_with_union<&ones_like>("ones_like(TensorMap tensor, Union(str, str[])? gradients=None, bool "
                              "requires_grad=False) -> TensorMap"),
    op_with_union<&ones_like_block>("ones_like_block(TensorBlock block, Union(str, str[])? gradients=None, "
                                    "bool requires_grad=False) -> TensorBlock"),
    op_with_union<&random_uniform_like>("random_uniform_like(TensorMap tensor, Union(str, str[])? "
                                        "gradients=None, bool requires_grad=False) -> TensorMap"),
    op_with_union<&random_uniform_like_block>(
        "random_uniform_like_block(TensorBlock block, Union(str, str[])? gradients=None, bool "
        "requires_grad=False) -> TensorBlock"),
    op<&block_from_array>("block_from_array(Tensor array, str[]? sample_names=None, str[]? "
                          "component_names=None, str[]? property_names=None) -> TensorBlock"),

    // storage of values
    op<&detach>("detach(TensorMap tensor) -> TensorMap"),
    op<&detach_block>("detach_block(TensorBlock block) -> TensorBlock"),
    op<&requires_grad>("requires_grad(TensorMap tensor, bool requires_grad=True) -> TensorMap"),
    op<&requires_grad_block>(
        "requires_grad_block(TensorBlock block, bool requires_grad=True) -> TensorBlock"),
    op<&is_contiguous>("is_contiguous(TensorMap tensor) -> bool"),
    op<&is_contiguous_block>("is_contiguous_block(TensorBlock block) -> bool"),
    op<&make_contiguous>("make_contiguous(TensorMap tensor) -> TensorMap"),
    op<&make_contiguous_block>("make_contiguous_block(TensorBlock block) -> TensorBlock"),
    op<&remove_gradients>("remove_gradients(TensorMap tensor, str[]? remove=None) -> TensorMap"),
    op<&remove_gradients_block>(
        "remove_gradients_block(TensorBlock block, str[]? remove=None) -> TensorBlock"),

    // blocks
    op<&drop_blocks>("drop_blocks(TensorMap tensor, Labels keys, bool copy=False) -> TensorMap"),
    op<&drop_empty_blocks>("drop_empty_blocks(TensorMap tensor, bool copy=False) -> TensorMap"),
    op<&filter_blocks>("filter_blocks(TensorMap tensor, Labels keys, bool copy=False) -> TensorMap"),

    // dimensions of labels
    op_with_union<&insert_dimension>("insert_dimension(TensorMap tensor, str axis, int index, str name, "
                                     "Union(Tensor, int) values) -> TensorMap"),
    op_with_union<&append_dimension>(
        "append_dimension(TensorMap tensor, str axis, str name, Union(Tensor, int) values) -> TensorMap"),
    op<&permute_dimensions>(
        "permute_dimensions(TensorMap tensor, str axis, int[] dimensions_indexes) -> TensorMap"),
    op<&remove_dimension>("remove_dimension(TensorMap tensor, str axis, str name) -> TensorMap"),
    op<&rename_dimension>("rename_dimension(TensorMap tensor, str axis, str old, str new) -> TensorMap"),

    // joins
    op<&join>("join(TensorMap[] tensors, str axis, str different_keys='error', str? add_dimension=None) -> "
              "TensorMap"),
    op<&join_blocks>("join_blocks(TensorBlock[] blocks, str axis, str? add_dimension=None) -> TensorBlock"),

    // metadata
    op_with_union<&unique_metadata>("unique_metadata(TensorMap tensor, str axis, Union((str), str[], str) "
                                    "names, str? gradient=None) -> Labels"),
    op_with_union<&unique_metadata_block>("unique_metadata_block(TensorBlock block, str axis, "
                                          "Union((str), str[], str) names, str? gradient=None) -> Labels"),
    op<&one_hot>("one_hot(Labels labels, Labels dimension) -> Tensor"),

    // reductions
    op_with_union<&sum_over_samples>(
        "sum_over_samples(TensorMap tensor, Union(str, str[]) sample_names) -> TensorMap"),
    op_with_union<&sum_over_samples_block>(
        "sum_over_samples_block(TensorBlock block, Union(str, str[]) sample_names) -> TensorBlock"),
    op_with_union<&sum_over_properties>(
        "sum_over_properties(TensorMap tensor, Union(str, str[]) property_names) -> TensorMap"),
    op_with_union<&sum_over_properties_block>(
        "sum_over_properties_block(TensorBlock block, Union(str, str[]) property_names) -> TensorBlock"),
    op_with_union<&mean_over_samples>(
        "mean_over_samples(TensorMap tensor, Union(str, str[]) sample_names) -> TensorMap"),
    op_with_union<&mean_over_samples_block>(
        "mean_over_samples_block(TensorBlock block, Union(str, str[]) sample_names) -> TensorBlock"),
    op_with_union<&mean_over_properties>(
        "mean_over_properties(TensorMap tensor, Union(str, str[]) property_names) -> TensorMap"),
    op_with_union<&mean_over_properties_block>(
        "mean_over_properties_block(TensorBlock block, Union(str, str[]) property_names) -> TensorBlock"),
    op_with_union<&var_over_samples>(
        "var_over_samples(TensorMap tensor, Union(str, str[]) sample_names) -> TensorMap"),
    op_with_union<&var_over_samples_block>(
        "var_over_samples_block(TensorBlock block, Union(str, str[]) sample_names) -> TensorBlock"),
    op_with_union<&var_over_properties>(
        "var_over_properties(TensorMap tensor, Union(str, str[]) property_names) -> TensorMap"),
    op_with_union<&var_over_properties_block>(
        "var_over_properties_block(TensorBlock block, Union(str, str[]) property_names) -> TensorBlock"),
    op_with_union<&std_over_samples>(
        "std_over_samples(TensorMap tensor, Union(str, str[]) sample_names) -> TensorMap"),
    op_with_union<&std_over_samples_block>(
        "std_over_samples_block(TensorBlock block, Union(str, str[]) sample_names) -> TensorBlock"),
    op_with_union<&std_over_properties>(
        "std_over_properties(TensorMap tensor, Union(str, str[]) property_names) -> TensorMap"),
    op_with_union<&std_over_properties_block>(
        "std_over_properties_block(TensorBlock block, Union(str, str[]) property_names) -> TensorBlock"),

    // selections
    op<&slice>("slice(TensorMap tensor, str axis, Labels selection) -> TensorMap"),
    op_with_union<&slice_block>(
        "slice_block(TensorBlock block, str axis, Union(Tensor, int[], Labels) selection) -> TensorBlock"),
    op_with_union<&split>(
        "split(TensorMap tensor, str axis, Union(Tensor, int[], Labels)[] selections) -> TensorMap[]"),
    op_with_union<&split_block>("split_block(TensorBlock block, str axis, Union(Tensor, int[], Labels)[] "
                                "selections) -> TensorBlock[]"),
    op_with_union<&sort>(
        "sort(TensorMap tensor, Union(str, str[])? axes=None, bool descending=False) -> TensorMap"),
    op_with_union<&sort_block>(
        "sort_block(TensorBlock block, Union(str, str[])? axes=None, bool descending=False) -> TensorBlock"),
};

/// The schema with the full names of our classes
std::string with_class_names(std::string_view schema) {
    std::string result;
    for (size_t start = 0; start < schema.size();) {
        auto end = start;
        while (end < schema.size() && (std::isalnum(static_cast<unsigned char>(schema[end])) != 0)) {
            ++end;
        }
        const auto word = schema.substr(start, end - start);
        if (word == "Labels" || word == "TensorBlock" || word == "TensorMap") {
            result += "__torch__.torch.classes.metatensor.";
        }
        result += word.empty() ? schema.substr(start, 1) : word;
        start = word.empty() ? start + 1 : end;
    }
    return result;
}

} // namespace

void register_metatensor_operations(torch::Library& library) {
    for (const auto& row : OPERATIONS) {
        define_operator(library, row, with_class_names(row.schema));
    }
}

} // namespace metatensor_torch
