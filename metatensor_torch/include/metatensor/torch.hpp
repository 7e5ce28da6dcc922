// SPDX-License-Identifier: BSD-3-Clause
#pragma once

#include <metatensor/torch/exports.h>
#include <metatensor/torch/version.h>

#include <metatensor/torch/labels.hpp>

#include <metatensor/torch/block.hpp>

#include <metatensor/torch/tensor.hpp>

#include <metatensor/torch/misc.hpp>

#include <metatensor/torch/module.hpp>

#include <metatensor/torch/serialization.hpp>

#include <metatensor/torch/operations.hpp>
