# The report page's files and Chart.js as part of the program.
include("${CMAKE_CURRENT_LIST_DIR}/chart.cmake")

set(assets "${CMAKE_CURRENT_BINARY_DIR}/html_assets.cpp")
set(html "${PROJECT_SOURCE_DIR}/lib/html")
# The parts of each page's script, in this order: each uses what those before it say.
set(page_js "")
foreach(part document figures elements charts summary curves losses streams sizes runs compared details page)
  list(APPEND page_js "${html}/report/${part}.js")
endforeach()
set(monitor_js "")
foreach(part figures overview charts rounds targets page)
  list(APPEND monitor_js "${html}/monitor/${part}.js")
endforeach()
string(REPLACE ";" "|" page_parts "${page_js}")
string(REPLACE ";" "|" monitor_parts "${monitor_js}")
add_custom_command(
  OUTPUT "${assets}"
  COMMAND
    "${CMAKE_COMMAND}" "-DOUT=${assets}"
    "-DASSETS=page_html=${html}/page.html,page_css=${html}/page.css,page_js=${page_parts},chart_js=${UDPERF_CHART_JS},monitor_html=${html}/monitor.html,monitor_css=${html}/monitor.css,monitor_js=${monitor_parts}" -P
    "${PROJECT_SOURCE_DIR}/lib/cmake/embed.cmake"
  DEPENDS "${html}/page.html" "${html}/page.css" ${page_js} "${html}/monitor.html" "${html}/monitor.css" ${monitor_js}
          "${UDPERF_CHART_JS}" "${PROJECT_SOURCE_DIR}/lib/cmake/embed.cmake"
  VERBATIM)
# Longer than what every compiler has to take; these take it.
set_source_files_properties("${assets}" PROPERTIES COMPILE_OPTIONS -Wno-overlength-strings)
target_sources(udperf_html PRIVATE "${assets}")
