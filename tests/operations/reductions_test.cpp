// SPDX-License-Identifier: BSD-3-Clause
// Sums, means, variances and standard deviations over samples and properties: one family, one test file
#include "operations/support.hpp"

namespace metatensor_torch::testing {

namespace {

class Reductions : public OperationTest {
  protected:
    /// Samples of two systems, not in order
    TensorMap example() const {
        return tensor_map({"system", "atom"}, {{4, 0}, {1, 0}, {4, 1}}, {{1.0, 8.0}, {2.0, 5.0}, {5.0, 2.0}},
                          GetParam());
    }

    /// What remains of it per system
    TensorMap per_system(const std::vector<std::vector<double>>& values) const {
        return tensor_map({"system"}, {{1}, {4}}, values, GetParam());
    }

    /// Block with one property p = 0
    TensorBlock column(std::vector<std::string> names, const Rows& samples,
                       const std::vector<double>& values) const {
        std::vector<std::vector<double>> rows;
        for (const auto value : values) {
            rows.push_back({value});
        }
        return block(std::move(names), samples, rows, GetParam());
    }

    /// Samples 1 and 3 of one system, of which only the first has an entry in the gradient
    TensorBlock with_gradient() const {
        auto result = column({"system", "atom"}, {{0, 0}, {0, 1}}, {1.0, 3.0});
        result->add_gradient("x", column({"sample", "i"}, {{0, 7}}, {10.0}));
        return result;
    }

    TensorBlock reduced(double value, double gradient) const {
        auto result = column({"system"}, {{0}}, {value});
        result->add_gradient("x", column({"sample", "i"}, {{0, 7}}, {gradient}));
        return result;
    }
};

INSTANTIATE_TEST_SUITE_P(Settings, Reductions, floating_point_settings(), setting_name);

TEST_P(Reductions, OverSamples) {
    expect_maps_close(sum_over_samples(example(), "atom"), per_system({{2.0, 5.0}, {6.0, 10.0}}));
    expect_maps_close(mean_over_samples(example(), "atom"), per_system({{2.0, 5.0}, {3.0, 5.0}}));
    expect_maps_close(var_over_samples(example(), "atom"), per_system({{0.0, 0.0}, {4.0, 9.0}}));
    expect_maps_close(std_over_samples(example(), "atom"), per_system({{0.0, 0.0}, {2.0, 3.0}}));
}

TEST_P(Reductions, OverSeveralOrAllDimensions) {
    const auto all = tensor_map({"_"}, {{0}}, {{8.0, 15.0}}, GetParam());
    expect_maps_close(sum_over_samples(example(), std::vector<std::string>{"atom", "system"}), all);
    const auto per_atom = tensor_map({"atom"}, {{0}, {1}}, {{3.0, 13.0}, {5.0, 2.0}}, GetParam());
    expect_maps_close(sum_over_samples(example(), "system"), per_atom);
}

TEST_P(Reductions, OverProperties) {
    const auto properties = labels({"p", "q"}, {{1, 0}, {0, 0}, {1, 1}}, GetParam());
    const auto samples = labels({"s"}, {{3}, {2}}, GetParam());
    const auto values = matrix({{1.0, 2.0, 5.0}, {8.0, 5.0, 2.0}}, GetParam());
    const auto given =
        torch::make_intrusive<TensorBlockHolder>(values, samples, std::vector<Labels>(), properties);
    const auto expected = [&](const std::vector<std::vector<double>>& rows) {
        return torch::make_intrusive<TensorBlockHolder>(
            matrix(rows, GetParam()), samples, std::vector<Labels>(), labels({"p"}, {{0}, {1}}, GetParam()));
    };
    expect_blocks_close(sum_over_properties_block(given, "q"), expected({{2.0, 6.0}, {5.0, 10.0}}));
    expect_blocks_close(mean_over_properties_block(given, "q"), expected({{2.0, 3.0}, {5.0, 5.0}}));
    expect_blocks_close(var_over_properties_block(given, "q"), expected({{0.0, 4.0}, {0.0, 9.0}}));
    expect_blocks_close(std_over_properties_block(given, "q"), expected({{0.0, 2.0}, {0.0, 3.0}}));
}

TEST_P(Reductions, GradientsCountAllSamples) {
    expect_blocks_close(sum_over_samples_block(with_gradient(), "atom"), reduced(4.0, 10.0));
    expect_blocks_close(mean_over_samples_block(with_gradient(), "atom"), reduced(2.0, 5.0));
    expect_blocks_close(var_over_samples_block(with_gradient(), "atom"), reduced(1.0, -10.0));
    expect_blocks_close(std_over_samples_block(with_gradient(), "atom"), reduced(1.0, -5.0));
}

TEST_P(Reductions, GroupsOfManySizes) {
    // group i has i + 1 entries of 1, 2, ...: longer than what is summed in one go
    const std::vector<int64_t> sizes = {1, 2, 63, 64, 65, 300, 5000};
    Rows rows;
    std::vector<double> values;
    std::vector<double> sums;
    for (size_t group = 0; group < sizes.size(); ++group) {
        sums.push_back(static_cast<double>(sizes[group] * (sizes[group] + 1)) / 2);
        for (int64_t i = 0; i < sizes[group]; ++i) {
            rows.push_back({static_cast<int64_t>(group), i});
            values.push_back(static_cast<double>(i + 1));
        }
    }
    const auto result = sum_over_samples_block(column({"g", "i"}, rows, values), "i");
    EXPECT_TRUE(torch::equal(result->values().flatten().cpu(),
                             torch::tensor(sums, torch::kFloat64).to(GetParam().dtype)));
}

/// Map of 40,000 samples (system, atom), in order or not, and a gradient, whose labels were made on `device`
TensorMap many_samples(bool in_order, const torch::TensorOptions& options) {
    torch::manual_seed(3);
    const auto labels_there = [&](std::vector<std::string> names, const torch::Tensor& columns) {
        return torch::make_intrusive<LabelsHolder>(std::move(names),
                                                   columns.t().to(torch::kInt).to(options.device()));
    };
    const int64_t n_samples = 40'000;
    const int64_t n_rows = 50'000;
    const auto places = in_order ? torch::arange(n_samples) : torch::randperm(n_samples);
    const auto rows = torch::randperm(2 * n_rows).narrow(0, 0, n_rows);
    const auto properties = LabelsHolder::range("p", 2)->to(options.device());
    const auto block_of = [&](const Labels& samples) {
        return torch::make_intrusive<TensorBlockHolder>(
            torch::rand({samples->count(), 2}, torch::kFloat64).to(options), samples, std::vector<Labels>(),
            properties);
    };
    const auto samples =
        labels_there({"system", "atom"}, torch::stack({places.div(30, "floor"), places.remainder(30)}));
    auto block = block_of(samples);
    block->add_gradient("x", block_of(labels_there({"sample", "g"}, torch::stack({rows.div(10, "floor") * 4,
                                                                                  rows.remainder(10)}))));
    return tensor_map({block});
}

TEST_P(Reductions, ManySamplesOfADevice) {
    const auto reduce = [](const TensorMap& tensor) {
        return std::vector<TensorMap>{sum_over_samples(tensor, "atom"), mean_over_samples(tensor, "atom"),
                                      std_over_samples(tensor, "system"),
                                      sum_over_samples(tensor, std::vector<std::string>{"system", "atom"})};
    };
    for (const bool in_order : {true, false}) {
        const auto reduced = reduce(many_samples(in_order, GetParam().options()));
        const auto expected = reduce(many_samples(in_order, torch::TensorOptions(GetParam().dtype)));
        for (size_t i = 0; i < expected.size(); ++i) {
            SCOPED_TRACE(i);
            expect_maps_close(reduced[i], expected[i]->to(std::nullopt, GetParam().device));
        }
    }
}

TEST_P(Reductions, RefuseUnknownDimensionsAndNestedGradients) {
    EXPECT_THAT(
        [&] { sum_over_samples(example(), "x"); },
        ::testing::ThrowsMessage<c10::ValueError>(::testing::HasSubstr(
            "'sum_over_samples' got 'x', which is no dimension of the samples, only [system, atom]")));
    EXPECT_THAT([&] { sum_over_samples(example(), 3); },
                ::testing::ThrowsMessage<c10::TypeError>(::testing::HasSubstr("`sample_names`")));
    auto gradient = column({"sample"}, {{0}}, {1.0});
    gradient->add_gradient("y", column({"sample"}, {{0}}, {1.0}));
    auto given = column({"system", "atom"}, {{0, 0}, {0, 1}}, {1.0, 3.0});
    given->add_gradient("x", gradient);
    EXPECT_THROW(var_over_samples_block(given, "atom"), c10::NotImplementedError);
    EXPECT_TRUE(TensorBlockHolder::gradient(sum_over_samples_block(given, "atom"), "x")->has_gradient("y"));
}

} // namespace

} // namespace metatensor_torch::testing
