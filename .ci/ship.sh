#!/bin/sh
# Read by ./dev: builds for other processors and all that is handed out (static binary, packages, image,
# release), and their tests. What it calls and is not here is in ./dev.
# shellcheck disable=SC2154 # the lists of packages are ./dev's

# is_native ARCH: whether that is this machine's, or none is named.
is_native() {
  [ -z "$1" ] || [ "$1" = "$(dpkg --print-architecture 2>/dev/null || uname -m)" ]
}

# cross_tools ARCH: what a build for another processor needs.
cross_tools() {
  case $1 in
    arm64) compiler=g++-aarch64-linux-gnu ;;
    armhf) compiler=g++-arm-linux-gnueabihf ;;
    s390x) compiler=g++-s390x-linux-gnu ;;
    *) die "no cross build for: $1" ;;
  esac
  # shellcheck disable=SC2086
  packages $build_packages $compiler $cross_packages
  app/package/sysroot "$1" "build/sysroot/$1"
}

verb_static() {
  [ $# -le 1 ] || die "static takes one processor, not: $*"
  preset=static
  if is_native "${1:-}"; then
    # shellcheck disable=SC2086
    packages $build_packages
  else
    cross_tools "$1"
    preset=cross-$1
  fi
  compile "$preset" udperf
  "$(sed -n 's/^CMAKE_STRIP:[^=]*=//p' "build/$preset/CMakeCache.txt")" -o "build/$preset/udperf" "build/$preset/bin/udperf"
  test/static/check-file "build/$preset/udperf"
  ls "build/$preset/udperf"
}

verb_test_integrations() {
  # shellcheck disable=SC2086
  packages $build_packages $integration_packages
  configure_program
  compile release udperf
  for system in pscheduler smokeping; do
    note "$system"
    "test/integrations/$system.py" build/release/bin/udperf
  done
  verb_static '' >/dev/null
  note kubernetes
  test/integrations/kubernetes.py build/static/udperf build/release/bin/udperf
}

verb_image() {
  packages buildah
  verb_static ''
  app/package/image build/static/udperf build/image/udperf.tar
  ls build/image/udperf.tar
}

verb_release() {
  app/package/release --check "$@" # before anything is installed
  # shellcheck disable=SC2086
  packages $build_packages $package_packages $release_packages
  case " $* " in
    *' arm64 '*) cross_tools arm64 ;;
    *' amd64 '*) ;;
    *) cross_tools arm64 ;; # of both
  esac
  app/package/release "$@"
}

verb_test_release() {
  packages git
  test/release/run build/test-release "$@"
}

verb_test_static() {
  packages dnsmasq-base iproute2
  verb_static ''
  verb_build
  test/static/run build/static/udperf build/release/bin/udperf
}

verb_cross() {
  # shellcheck disable=SC2086
  packages $build_packages $test_packages
  kind=cross
  case ${1:-} in
    quick | --quick)
      kind=quick
      shift
      ;;
  esac
  [ $# -gt 0 ] || set -- arm64 armhf s390x
  configure_program
  compile release udperf # the other end
  for arch in "$@"; do
    cross_tools "$arch"
    preset=$kind-$arch
    case $kind in
      quick)
        compile "$preset" udperf udperf_portable_tests
        run_tests "$preset" -L '^portable$'
        ;;
      *)
        compile "$preset" udperf udperf_unit_tests
        run_tests "$preset" -L '^(unit|property)$'
        ;;
    esac
    test/cross/run "$arch" "build/$preset/bin/udperf" build/release/bin/udperf
  done
}

# package_preset [ARCH]: the preset that packages are made by.
package_preset() {
  [ $# -le 1 ] || die "packages are of one processor, not: $*"
  if is_native "${1:-}"; then
    echo package
  elif [ "$1" = arm64 ]; then
    echo package-arm64
  else
    die "no packages for: $1"
  fi
}

verb_package() {
  preset=$(package_preset "$@")
  # shellcheck disable=SC2086
  packages $build_packages $package_packages
  [ "$preset" = package ] || cross_tools "$1"
  compile "$preset"
  rm -f "build/$preset"/udperf*.deb
  (cd "build/$preset" && cpack -G DEB >cpack.log 2>&1) || {
    tail -n 20 "build/$preset/cpack.log" >&2
    die "packing failed"
  }
  ls "build/$preset"/udperf*.deb
}

verb_test_package() {
  # shellcheck disable=SC2086
  packages $test_package_packages
  verb_package "$@"
  case $preset in
    package) test/package/run build/bare build/package/udperf*.deb ;;
    *) test/package/foreign "$1" "build/sysroot/$1" "build/$preset"/udperf*.deb ;;
  esac
}
