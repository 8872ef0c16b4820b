#!/bin/sh
# Read by ./dev: the fuzz targets. What it calls and is not here is in ./dev.
# shellcheck disable=SC2154 # the lists of packages are ./dev's

verb_fuzz() {
  seconds=${1:-30}
  case ${seconds%-all} in '' | *[!0-9]*) die "fuzz: not a number of seconds: $seconds" ;; esac
  # shellcheck disable=SC2086
  packages $build_packages $clang_packages
  compile fuzz udperf_fuzz
  case $seconds in *-all) seconds=$(fuzz_share "${seconds%-all}" build/fuzz/bin/*_fuzz) ;; esac
  # As many at a time as there are processors; a failure is told when the others have ended.
  failed=''
  set --
  for program in build/fuzz/bin/*_fuzz; do
    fuzz_one "$program" "$seconds" &
    set -- "$@" $!
    if [ $# -ge "$(.ci/processors)" ]; then
      wait "$1" || failed=yes
      shift
    fi
  done
  for job in "$@"; do
    wait "$job" || failed=yes
  done
  [ -z "$failed" ] || die "a target failed; its input is in build/fuzz/findings/"
}

# fuzz_share SECONDS TARGET...: how long each may take of SECONDS for all; 10 at least, 60 at most.
fuzz_share() {
  share=$1
  shift
  share=$((share * $(.ci/processors) / $#))
  [ "$share" -ge 10 ] || share=10
  [ "$share" -le 60 ] || share=60
  echo "$share"
}

# fuzz_one PROGRAM SECONDS
fuzz_one() {
  name=$(basename "$1")
  corpus=build/fuzz/corpus/$name
  mkdir -p "$corpus" build/fuzz/findings
  log=build/fuzz/$name.log
  program=$1
  limit=$2
  set -- "$corpus"
  if [ -d "test/fuzz/corpus/$name" ]; then
    set -- "$corpus" "test/fuzz/corpus/$name"
  fi
  "$program" -max_total_time="$limit" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
    -artifact_prefix=build/fuzz/findings/ "$@" >"$log" 2>&1 || {
    tail -n 40 "$log" >&2
    note "$name failed"
    return 1
  }
  units=$(sed -n 's/.*number_of_executed_units: *//p' "$log")
  note "$name: $units inputs in $limit s, nothing found"
}
