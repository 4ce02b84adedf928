#!/bin/sh
# Sets up a virtual environment: scripts/dev/setup.sh FOLDER PYTHON MODE
#   MODE: locked (the versions of requirements.lock, where they can be had here), newest (whatever
#   pyproject.toml allows), lowest (the lowest versions that it declares) or wheel (as locked, with the
#   package installed from a wheel, not from where it lies). tools adds to a locked environment what
#   tests and lints; the others bring it.
# FOLDER/installed says that an environment is whole, FOLDER/tools that it has the tools too. A failed
# attempt leaves no folder; one to add the tools leaves the environment as it was.
set -eu

folder=$1
python=$2
mode=${3:-locked}

# pip looks fast only where its own bytecode is kept.
unset PYTHONDONTWRITEBYTECODE

say() { printf 'fittest: %s\n' "$*" >&2; }

about='import sys; print("%d.%d" % sys.version_info[:2]); sys.exit(sys.version_info < (3, 11))'
if ! version=$("$python" -c "$about" 2>/dev/null); then
  say "Python 3.11 or newer is needed; $python is ${version:-not to be found or does not start}." \
    "Name another: make PYTHON=python3.11"
  exit 1
fi

declared='import tomllib
with open("pyproject.toml", "rb") as file:
    print(*tomllib.load(file)["project"]["optional-dependencies"]["test"], sep="\n")'

case "$(uname -s) $(uname -m)" in
  "Darwin x86_64")
    say "torch 2.13.0 has no build for Macs with Intel processors: use Linux, a Mac with an Apple" \
      "processor, or the Containerfile"
    exit 1
    ;;
esac

whole=no
others=
cleanup() {
  for one in $others; do
    { kill "$one" && wait "$one"; } 2> /dev/null || true
  done
  [ "$whole" = yes ] || [ "$mode" = tools ] || rm -rf "$folder"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# What is never imported need not be compiled: that halves the time.
PIP="-m pip install --quiet --no-compile"
pip() { "$folder/bin/python" $PIP "$@"; }

if [ "$mode" = tools ]; then
  if [ ! -e "$folder/installed" ]; then
    say "$folder is not set up: make .venv/installed first"
    exit 1
  fi
  rm -f "$folder/tools"
else
  # Another Python than that of an earlier set-up, or one that is not whole: from the start.
  if [ -e "$folder" ]; then
    if [ ! -e "$folder/installed" ] ||
      [ "$("$folder/bin/python" -c "$about" 2>/dev/null || true)" != "$version" ]; then
      say "$folder is not whole, or of another Python than $version: it is made anew"
      rm -rf "$folder"
    fi
  fi
  # Before pip 24 half of the time went into reading lists of versions. Where Python has a pip that
  # serves other environments, it puts the new one in place at once, instead of after an old one,
  # with all of that one's bytecode.
  newest=no
  if [ ! -e "$folder" ]; then
    "$python" -m venv --without-pip "$folder"
    if "$python" -m pip --python "$folder/bin/python" install --quiet -c requirements.lock pip \
      2> /dev/null; then
      newest=yes
    else
      rm -rf "$folder"
      "$python" -m venv "$folder"
    fi
  fi
  # Until all is done it is not whole, whatever ends this script.
  rm -f "$folder/installed"
  # The older one does it too.
  [ $newest = yes ] || pip --upgrade -c requirements.lock pip 2> /dev/null || true
fi

case $mode in
  lowest)
    "$folder/bin/python" scripts/dev/lowest.py > "$folder/lowest.txt"
    pip -c "$folder/lowest.txt" torch==2.13.0 -e '.[test]'
    ;;
  wheel)
    # What an earlier build left would go into this one.
    rm -rf build
    pip -c requirements.lock torch==2.13.0 '.[test]'
    ;;
  newest) pip --upgrade torch==2.13.0 -e '.[test]' ;;
  tools)
    sed '1,/^# Tools:/d' requirements.lock > "$folder/tools.txt"
    pip --no-deps -r "$folder/tools.txt" 2> "$folder/pip.log" || true
    "$folder/bin/python" -c "$declared" > "$folder/tools.txt"
    if ! pip -c requirements.lock -r "$folder/tools.txt"; then
      cat "$folder/pip.log" >&2
      say "the versions of requirements.lock cannot be had here (Python $version): taking the" \
        "newest tools that pyproject.toml allows"
      pip -r "$folder/tools.txt"
    fi
    ;;
  *)
    # Three side by side, none of which needs the others: torch, the kernels' compilation, and all
    # the rest. What is still missing, and whether all fits together, is then for pip to say.
    "$folder/bin/python" $PIP --no-deps torch==2.13.0 &
    torch=$!
    "$folder/bin/python" $PIP --no-deps -e . 2> "$folder/package.log" &
    package=$!
    others="$torch $package"
    # All but pip itself, which is at work.
    sed '/^# Tools:/,$d; /^pip==/d' requirements.lock > "$folder/run.txt"
    pip --no-deps -r "$folder/run.txt" 2> "$folder/pip.log" || true
    wait "$torch"
    others=$package
    fits=yes
    wait "$package" || fits=no
    others=
    "$folder/bin/python" -m pip check > "$folder/check.log" 2>&1 || fits=no
    if [ $fits = no ] && ! pip -c requirements.lock torch==2.13.0 -e .; then
      cat "$folder/pip.log" >&2
      say "the versions of requirements.lock cannot be had here (Python $version): taking the" \
        "newest that pyproject.toml allows"
      pip torch==2.13.0 -e .
    fi
    ;;
esac

if [ "$mode" = tools ]; then
  touch "$folder/tools"
else
  touch "$folder/installed"
fi
whole=yes
