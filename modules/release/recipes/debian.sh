# A Debian root tree of the pinned suite, from the package sources that this computer is set up with.
# In: SUITE, PACKAGES (comma-separated), APT_SOURCES (a file of the computer's own sources). Out: $OUT/tree, $OUT/packages.
set -eu

mmdebstrap --mode=root --variant=minbase --format=directory \
	--aptopt='APT::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
	--dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
	--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/info/*' \
	--dpkgopt='path-exclude=/usr/share/lintian/*' --dpkgopt='path-exclude=/usr/share/bash-completion/*' \
	--include="$PACKAGES" "$SUITE" "$OUT/tree" "$APT_SOURCES" 2>&1

chroot "$OUT/tree" dpkg-query --show --showformat '${Package} ${Version}\n' >"$OUT/packages"
