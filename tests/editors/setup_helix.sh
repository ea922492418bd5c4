#!/bin/sh
# usage: setup_helix.sh DEST [SUITE]
#
# Put Helix 25.01.1, the package hx of Debian 13 (trixie), into the folder DEST (64 MB) and leave the
# system as it is: apt works on lists of its own in there, nothing is installed, and DEST/hx runs with
# its own C library. The packages come from the Debian archive that this machine's apt is set up with,
# by the same mirror, and their signature is checked with the system's own keyring of Debian.
# Then:  DOLA_HELIX=DEST python3 -m pytest tests/editors/test_helix.py
#
# Another SUITE brings another version: forky the one to come after 25.07.1, which is not pinned.
set -eu

suite=${2:-trixie}
case $suite in
  trixie) helix=25.01.1 ;;
  *) helix= ;;
esac
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

mkdir -p "$1"
dest=$(cd "$1" && pwd)
if [ -n "$helix" ] && [ "$("$dest/hx" --version 2>/dev/null | cut -d ' ' -f 2)" = "$helix" ]; then
  echo "Helix $helix is in $dest already."
  exit
fi
if [ ! -r "$keyring" ]; then
  echo "There is no $keyring, so nothing could be checked and nothing was installed." >&2
  exit 1
fi
# The archive's label is known once `apt-get update` was run; a security archive has another one.
mirror=$(apt-get indextargets --format '$(ORIGIN)/$(LABEL) $(REPO_URI)' 'Created-By: Packages' |
  sed -n 's,^Debian/Debian ,,p' | head -n 1)
if [ -z "$mirror" ]; then
  echo "apt knows no Debian archive here. Run apt-get update, or set one up." >&2
  exit 1
fi

mkdir -p "$dest/apt/lists/partial" "$dest/apt/cache/archives/partial" "$dest/debs" "$dest/tree"
cat >"$dest/apt/debian.sources" <<END
Types: deb
URIs: $mirror
Suites: $suite
Components: main
Signed-By: $keyring
END
own_apt() {
  apt-get -qq -o "Dir::Etc::sourcelist=$dest/apt/debian.sources" -o Dir::Etc::sourceparts=- \
    -o "Dir::State::lists=$dest/apt/lists" -o "Dir::Cache=$dest/apt/cache" \
    -o APT::Sandbox::User=root -o Acquire::Languages=none "$@"
}
# Without it a suite that cannot be fetched would be a warning only.
own_apt -o APT::Update::Error-Mode=any update
(
  cd "$dest/debs"
  rm -f ./*.deb
  own_apt download "hx${helix:+=$helix-*}" libc6 libgcc-s1
  for package in *.deb; do
    dpkg-deb -x "$package" "$dest/tree"
  done
)
rm -r "$dest/apt" "$dest/debs"

lib=$(dirname "$(find "$dest/tree/usr/lib" -name libc.so.6)")
loader=$(find "$dest/tree/usr/lib" -name 'ld-linux-*.so.*' | head -n 1)
cat >"$dest/hx" <<END
#!/bin/sh
HELIX_RUNTIME='$dest/tree/usr/lib/hx/runtime' exec '$loader' --library-path '$lib' '$dest/tree/usr/lib/hx/hx' "\$@"
END
chmod +x "$dest/hx"
"$dest/hx" --version
