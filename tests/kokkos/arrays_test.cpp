// SPDX-License-Identifier: BSD-3-Clause
#include "kokkos_environment.hpp"

#include "kokkos/tensor_array.hpp"
#include "kokkos/view_array.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kk = metatensor_kokkos;

namespace {

const auto* const kokkos = testing::AddGlobalTestEnvironment(new KokkosEnvironment);

using LeftMatrix = Kokkos::View<double**, Kokkos::LayoutLeft, Kokkos::HostSpace>;

TEST(Arrays, ViewBecomesTensorWithoutCopy) {
    const LeftMatrix view("view", 2, 3);
    view(1, 2) = 5.0;
    const auto tensor = kk::tensor_of(kk::borrow(view));
    EXPECT_EQ(tensor.sizes(), torch::IntArrayRef({2, 3}));
    EXPECT_EQ(tensor.strides(), torch::IntArrayRef({1, 2}));
    EXPECT_EQ(tensor.data_ptr(), view.data());
    EXPECT_EQ(tensor[1][2].item<double>(), 5.0);
}

TEST(Arrays, SharedViewLivesAsLongAsTheTensor) {
    torch::Tensor tensor;
    {
        const Kokkos::View<std::int32_t*, Kokkos::HostSpace> view("view", 4);
        Kokkos::deep_copy(view, 7);
        tensor = kk::tensor_of(kk::share(view));
        EXPECT_EQ(view.use_count(), 2);
    }
    EXPECT_EQ(tensor.sum().item<std::int64_t>(), 28);
}

TEST(Arrays, TensorBecomesViewWithoutCopy) {
    const auto tensor = torch::arange(6, torch::kFloat32).reshape({2, 3}).t();
    const auto array = kk::share(tensor);
    const auto view = kk::view_of<float, 2, Kokkos::Serial>(array, "tensor");
    EXPECT_EQ(view.extent(0), 3U);
    EXPECT_EQ(view(2, 1), 5.0F);
    view(2, 1) = -1.0F;
    EXPECT_EQ(tensor[2][1].item<float>(), -1.0F);
}

TEST(Arrays, RefusesOtherElementsRanksAndDtypes) {
    const auto array = kk::borrow(torch::zeros({2, 2}));
    EXPECT_THAT([&] { (kk::view_of<double, 2, Kokkos::Serial>(array, "weights")); },
                testing::ThrowsMessage<std::invalid_argument>(
                    testing::HasSubstr("weights has another element type")));
    EXPECT_THAT(
        [&] { (kk::view_of<float, 1, Kokkos::Serial>(array, "weights")); },
        testing::ThrowsMessage<std::invalid_argument>(testing::HasSubstr("weights must have 1 axes, got 2")));
    EXPECT_THAT([] { kk::borrow(torch::zeros({1}, torch::kBool)); },
                testing::Throws<c10::ValueError>(testing::Property(&c10::ValueError::what_without_backtrace,
                                                                   testing::HasSubstr("got Bool"))));
    EXPECT_THROW(kk::borrow(torch::zeros({1, 1, 1, 1})), c10::ValueError);
}

} // namespace
