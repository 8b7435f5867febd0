# The one layer of an image made FROM scratch.
# In: BINARIES (lines "PATH NAME", put into /usr/local/bin), PROGRAMS (of the Debian tree, each with its libraries),
# FOLDERS (of the Debian tree, with the libraries of what is in them), LINKS (lines "TARGET PATH"), DEBIAN (output of its
# step), SOURCE_DATE_EPOCH. Out: $OUT/layer.tar.
set -eu
debian=${DEBIAN:-}/tree
root=$OUT/root

mkdir -p "$root/usr/local/bin" "$root/usr/bin" "$root/usr/sbin" "$root/usr/lib" "$root/usr/lib64" "$root/etc" "$root/run" "$root/var/lib"
mkdir -m 1777 "$root/tmp"
for name in bin sbin lib lib64; do ln -s "usr/$name" "$root/$name"; done
printf 'root:x:0:0:root:/:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n' >"$root/etc/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' >"$root/etc/group"
echo 'hosts: files dns' >"$root/etc/nsswitch.conf"

echo "$BINARIES" | while read -r path name; do
	[ -z "$path" ] || install -m 0755 "$path" "$root/usr/local/bin/$name"
done

take() {
	to=$root/usr${1#/usr}
	[ -e "$to" ] || { mkdir -p "${to%/*}" && cp -L "$debian$1" "$to"; }
	for library in $(chroot "$debian" ldd "$1" 2>/dev/null | grep -o '/[^ ]*'); do
		case $library in /usr/*) ;; *) library=/usr$library ;; esac
		[ -e "$root$library" ] || { mkdir -p "$root${library%/*}" && cp -L "$debian$library" "$root$library"; }
	done
}
for program in $PROGRAMS; do take "$program"; done
for folder in $FOLDERS; do
	for file in $(cd "$debian" && find ".$folder" -type f -o -type l | sed 's/^\.//'); do
		case $file in
		/usr/*) take "$file" ;;
		*) mkdir -p "$root${file%/*}" && cp -L "$debian$file" "$root$file" ;;
		esac
	done
done
echo "$LINKS" | while read -r target path; do
	[ -z "$path" ] || ln -sf "$target" "$root$path"
done

tar --create --file "$OUT/layer.tar" --directory "$root" --sort=name --mtime="@$SOURCE_DATE_EPOCH" \
	--owner=0 --group=0 --numeric-owner --format=gnu .
rm -rf "$root"
