#!/bin/sh
# Sets up a virtual environment: scripts/dev/setup.sh FOLDER PYTHON MODE
#   MODE: locked (the versions of requirements.lock, where they can be had here), newest (whatever
#   pyproject.toml allows), lowest (the lowest versions that it declares) or wheel (as locked, with the
#   package installed from a wheel, not from where it lies).
# FOLDER/installed says that an environment is whole. A failed attempt leaves no folder.
set -eu

folder=$1
python=$2
mode=${3:-locked}

say() { printf 'fittest: %s\n' "$*" >&2; }

about='import sys; print("%d.%d" % sys.version_info[:2]); sys.exit(sys.version_info < (3, 11))'
if ! version=$("$python" -c "$about" 2>/dev/null); then
  say "Python 3.11 or newer is needed; $python is ${version:-not to be found or does not start}." \
    "Name another: make PYTHON=python3.11"
  exit 1
fi

case "$(uname -s) $(uname -m)" in
  "Darwin x86_64")
    say "torch 2.13.0 has no build for Macs with Intel processors: use Linux, a Mac with an Apple" \
      "processor, or the Containerfile"
    exit 1
    ;;
esac

# Another Python than that of an earlier set-up, or one that is not whole: from the start.
if [ -e "$folder" ]; then
  if [ ! -e "$folder/installed" ] ||
    [ "$("$folder/bin/python" -c "$about" 2>/dev/null || true)" != "$version" ]; then
    say "$folder is not whole, or of another Python than $version: it is made anew"
    rm -rf "$folder"
  fi
fi

whole=no
torch=
cleanup() {
  [ -z "$torch" ] || { kill "$torch" && wait "$torch"; } 2> /dev/null || true
  [ "$whole" = yes ] || rm -rf "$folder"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
[ -e "$folder" ] || "$python" -m venv "$folder"
# Until all is done it is not whole, whatever ends this script.
rm -f "$folder/installed"

# What is never imported need not be compiled: that halves the time.
pip() { "$folder/bin/python" -m pip install --quiet --no-compile "$@"; }

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
  *)
    # torch alone is half of the work: side by side with all the others. What is still missing, and
    # whether all fits together, is then for pip to say.
    "$folder/bin/python" -m pip install --quiet --no-compile --no-deps torch==2.13.0 &
    torch=$!
    pip --no-deps -r requirements.lock 2> "$folder/pip.log" || true
    wait "$torch"
    torch=
    if ! pip -c requirements.lock torch==2.13.0 -e '.[test]'; then
      cat "$folder/pip.log" >&2
      say "the versions of requirements.lock cannot be had here (Python $version): taking the" \
        "newest that pyproject.toml allows"
      pip torch==2.13.0 -e '.[test]'
    fi
    ;;
esac

touch "$folder/installed"
whole=yes
