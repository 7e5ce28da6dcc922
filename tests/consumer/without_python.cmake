# PROGRAM needs our library, but no Python: neither it nor the libraries that it loads.

execute_process(COMMAND ldd ${PROGRAM} OUTPUT_VARIABLE libraries COMMAND_ERROR_IS_FATAL ANY)
if (NOT libraries MATCHES "libmetatensor_torch")
    message(FATAL_ERROR "${PROGRAM} must load libmetatensor_torch, but loads\n${libraries}")
endif()
if (libraries MATCHES "lib(torch_)?python")
    message(FATAL_ERROR "${PROGRAM} must not load Python, but loads\n${libraries}")
endif()
