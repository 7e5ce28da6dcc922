# SPDX-License-Identifier: BSD-3-Clause
"""What engines ask a model for: the same in the wrapper of ``model.py`` and in the one that stands in files."""

from typing import Dict, List

import torch

from ._classes import ModelCapabilities, ModelMetadata, ModelOutput, NeighborListOptions


class Accessors(torch.nn.Module):
    """The attributes of a wrapper, and its methods that only hand them out."""

    # Attributes that scripting leaves out of the archive would be lost: these are all that `forward` needs.
    _model_capabilities_outputs_names: List[str]
    _requested_neighbor_lists: List[NeighborListOptions]
    _requested_inputs: Dict[str, ModelOutput]
    _deprecated_inputs: Dict[str, ModelOutput]
    _model_output_names: Dict[str, str]

    @torch.jit.export
    def capabilities(self) -> ModelCapabilities:
        """What the model can do."""
        return self._capabilities

    @torch.jit.export
    def metadata(self) -> ModelMetadata:
        """Who made the model, and how to cite it."""
        return self._metadata

    @torch.jit.export
    def requested_neighbor_lists(self) -> List[NeighborListOptions]:
        """The neighbor lists that each system must have, with cutoffs in the model's unit of length."""
        return self._requested_neighbor_lists

    @torch.jit.export
    def requested_inputs(self, use_new_names: bool = False) -> Dict[str, ModelOutput]:
        """The data that each system must have.

        :param use_new_names: under their current names (``charge``), or their old plural ones (``charges``)?
        """
        return self._requested_inputs if use_new_names else self._deprecated_inputs
