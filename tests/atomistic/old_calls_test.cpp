// SPDX-License-Identifier: BSD-3-Clause
#include "atomistic/old_calls.hpp"

#include <gtest/gtest.h>

namespace {

using metatomic_torch::detail::with_fill_values;

struct Case {
    const char* name;
    const char* code;
    const char* expected; ///< null if the code is to stay as it is
};

class OldCalls : public testing::TestWithParam<Case> {};

TEST_P(OldCalls, GetAFillValue) {
    const auto& [name, code, expected] = GetParam();
    EXPECT_EQ(with_fill_values(code, /*only_literals=*/false), expected == nullptr ? code : expected);
}

const Case CASES[] = {
    {"literal", "x = (t).keys_to_properties(\"a\", True, )", "x = (t).keys_to_properties(\"a\", 0, True, )"},
    {"samples", "(t).keys_to_samples(_1, False)", "(t).keys_to_samples(_1, 0, False)"},
    {"variable", "(t).keys_to_properties(_1, sort, )", "(t).keys_to_properties(_1, 0, sort, )"},
    {"nested", "(f(a, b)).keys_to_properties([\"a, )\", g(\"\\\")\", [1, 2])], True, )",
     "(f(a, b)).keys_to_properties([\"a, )\", g(\"\\\")\", [1, 2])], 0, True, )"},
    {"call_in_a_call", "((t).keys_to_samples(a, True, )).keys_to_properties(b, True, )",
     "((t).keys_to_samples(a, 0, True, )).keys_to_properties(b, 0, True, )"},
    {"of_today", "(t).keys_to_properties(\"a\", 0, True, )", nullptr},
    {"one_argument", "(t).keys_to_properties(\"a\", )", nullptr},
    {"other_method", "(t).components_to_properties(\"a\", True, )", nullptr},
    {"not_closed", "(t).keys_to_properties(\"a\", True", nullptr},
    {"nothing", "", nullptr},
};

INSTANTIATE_TEST_SUITE_P(All, OldCalls, testing::ValuesIn(CASES),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(OldCalls, CallsOfMethodsOfTheModelStay) {
    const std::string code = "(self).keys_to_properties(t, names, )";
    EXPECT_EQ(with_fill_values(code, /*only_literals=*/true), code);
    EXPECT_EQ(with_fill_values("(t).keys_to_properties(a, True, )", true),
              "(t).keys_to_properties(a, 0, True, )");
}

} // namespace
