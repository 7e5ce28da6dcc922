// SPDX-License-Identifier: BSD-3-Clause
#pragma once

// The operations on maps and blocks. Each is one function with the same name and arguments in C++
// (`metatensor_torch::add`), in TorchScript (`torch.ops.metatensor.add`) and in Python
// (`metatensor.torch.add`). Where an argument may be one of several types, as a number or a map, C++ takes a
// `torch::IValue`, which is made of any of these by itself.
//
// What holds for all of them:
// - arguments are never changed; results may share memory with them
// - blocks of two maps are matched by their keys, in whatever order they are; results have the keys of the
//   first map in its order
// - labels are compared with their order; NotEqualError says which differ
// - gradients are carried along as each function says, and autograd flows through the values
// - the texts of `info` are kept where the values of the result are the same kind of quantity in the same
//   unit as those of the argument (selections, sorting, changes of the labels, sums, means, ...); for several
//   arguments those texts that are the same in all. They are dropped where the unit may change (multiply,
//   divide, pow, dot, solve, lstsq, var) or the values are new (zeros_like, ...).

#include <metatensor/torch/operations/arithmetic.hpp>
#include <metatensor/torch/operations/blocks.hpp>
#include <metatensor/torch/operations/checks.hpp>
#include <metatensor/torch/operations/comparison.hpp>
#include <metatensor/torch/operations/creation.hpp>
#include <metatensor/torch/operations/dimensions.hpp>
#include <metatensor/torch/operations/errors.hpp>
#include <metatensor/torch/operations/joining.hpp>
#include <metatensor/torch/operations/linear_algebra.hpp>
#include <metatensor/torch/operations/metadata.hpp>
#include <metatensor/torch/operations/reductions.hpp>
#include <metatensor/torch/operations/selections.hpp>
#include <metatensor/torch/operations/storage.hpp>
