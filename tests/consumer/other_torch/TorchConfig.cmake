# A libtorch of another version than ours was built with.
set(Torch_FOUND TRUE)
