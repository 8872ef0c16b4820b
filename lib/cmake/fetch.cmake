# udperf_may_fetch(<name> <Debian package> [<other way>...]): nothing, where what is not installed may be
# fetched; else an end of configuring that says what to install.
function(udperf_may_fetch name package)
  if(FETCHCONTENT_FULLY_DISCONNECTED)
    string(JOIN " " otherwise ${ARGN})
    message(FATAL_ERROR "${name} is not installed (Debian: ${package}), and "
                        "FETCHCONTENT_FULLY_DISCONNECTED=ON forbids to fetch it. ${otherwise}")
  endif()
endfunction()
