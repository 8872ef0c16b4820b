# Run by CPack when the files are staged, before they are packed: Debian's names and compression.
set(root "${CPACK_TEMPORARY_DIRECTORY}/udperf/usr")
set(doc "${root}/share/doc/udperf")

# gzip(1) with -n leaves the time out: the same files give the same package.
function(compress)
  execute_process(COMMAND gzip -9nf ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE "${doc}/LICENSE")
string(TIMESTAMP date "%Y-%m-%dT%H:%M:%SZ" UTC) # obeys SOURCE_DATE_EPOCH
execute_process(
  COMMAND date -u -R -d "${date}"
  OUTPUT_VARIABLE date OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
file(READ "${doc}/CHANGELOG.md" changelog)
file(REMOVE "${doc}/CHANGELOG.md")
foreach(package udperf udperf-pscheduler udperf-smokeping)
  string(REGEX REPLACE "^udperf-" "" component ${package})
  set(folder "${CPACK_TEMPORARY_DIRECTORY}/${component}/usr/share/doc/${package}")
  file(COPY_FILE "${CPACK_UDPERF_SOURCE}/app/package/copyright" "${folder}/copyright")
  file(WRITE "${folder}/changelog" "${changelog}")
  file(WRITE "${folder}/changelog.Debian"
       "udperf (${CPACK_UDPERF_VERSION}) unstable; urgency=medium\n\n"
       "  * Package of udperf ${CPACK_PACKAGE_VERSION}; what changed is in changelog.gz.\n\n"
       " -- ${CPACK_PACKAGE_CONTACT}  ${date}\n")
  compress("${folder}/changelog" "${folder}/changelog.Debian")
endforeach()

file(GLOB pages "${root}/share/man/man1/*.1")
compress(${pages})

# zsh reads what packages bring from another folder than what an administrator installs.
file(MAKE_DIRECTORY "${root}/share/zsh/vendor-completions")
file(RENAME "${root}/share/zsh/site-functions/_udperf" "${root}/share/zsh/vendor-completions/_udperf")
file(REMOVE_RECURSE "${root}/share/zsh/site-functions")

file(GLOB_RECURSE files "${root}/share/*" "${root}/lib/*"
     "${CPACK_TEMPORARY_DIRECTORY}/*/usr/share/*")
list(FILTER files EXCLUDE REGEX "/check-dashboard$")  # a program
foreach(file IN LISTS files)
  file(CHMOD "${file}" PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
endforeach()
