# Writes git_commit.cpp (OUTPUT) with what `git describe` calls the checked-out commit of SOURCE; without
# .git what the file COMMIT of a release archive says, or "unknown". Run by the build whenever the reflog
# of HEAD grows.
set(commit "unknown")
if(EXISTS "${SOURCE}/COMMIT")
  file(STRINGS "${SOURCE}/COMMIT" commit LIMIT_COUNT 1)
elseif(GIT)
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
