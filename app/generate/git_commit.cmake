# Writes git_commit.cpp (OUTPUT) with what `git describe` calls the checked-out commit of SOURCE, or
# "unknown": a release archive has no .git. Run by the build whenever the reflog of HEAD grows.
set(commit "unknown")
if(GIT)
  execute_process(
    COMMAND "${GIT}" describe --always --tags --abbrev=10
    WORKING_DIRECTORY "${SOURCE}"
    OUTPUT_VARIABLE described
    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET
    RESULT_VARIABLE status)
  if(status EQUAL 0)
    set(commit "${described}")
  endif()
endif()
file(WRITE "${OUTPUT}"
     "#include \"app/version.hpp\"\n\n"
     "const char* udperf::app::git_commit() {\n  return \"${commit}\";\n}\n")
