# UDPERF_CHART_JS, Chart.js for the report page: the one that a source archive brings in bundled/, else
# the system's, else the same release is fetched and checked.
find_file(
  UDPERF_CHART_JS chart.min.js
  HINTS "${PROJECT_SOURCE_DIR}/bundled"
  PATHS /usr/share/javascript/chart.js /usr/share/nodejs/chart.js/dist
  NO_CMAKE_FIND_ROOT_PATH # the same file for every processor
  DOC "Chart.js 3.9, as one file for browsers")
if(NOT UDPERF_CHART_JS)
  udperf_may_fetch("Chart.js" "libjs-chart.js" "-DUDPERF_CHART_JS=FILE names its chart.min.js.")
  set(chart_js "${PROJECT_BINARY_DIR}/chart.min.js")
  file(
    DOWNLOAD https://cdn.jsdelivr.net/npm/chart.js@3.9.1/dist/chart.min.js "${chart_js}"
    EXPECTED_HASH SHA256=fbc45926e6b46845a0f905552a0e0b1331049bff1115ecf94dbe0904d895e710)
  set(UDPERF_CHART_JS "${chart_js}" CACHE FILEPATH "" FORCE)
endif()
