#!/bin/sh
# `rootfs.sh FOLDER`: makes the root of the image in a new folder: Node, the shared libraries that it and our packages load, and this tree. There
# is nothing else in it, no shell and no package manager. Needs glibc and root; run it after lean.mjs.
set -eu
folder=$1
tree=$(cd "$(dirname "$0")/../.." && pwd)
node=$(readlink -f "$(command -v node)")

mkdir -p "$folder/usr/local/bin" "$folder/opt/pushgrid/deploy" "$folder/etc" "$folder/data" "$folder/tmp" "$folder/proc" "$folder/dev"
cp "$node" "$folder/usr/local/bin/node"
cp -R "$tree/dist" "$tree/node_modules" "$tree/package.json" "$tree/LICENSE" "$folder/opt/pushgrid/"
cp -R "$tree/deploy/container" "$folder/opt/pushgrid/deploy/"

# Libraries, with the loader, at the paths where the loader looks for them. libnss_dns and libresolv are loaded by name only.
{
  ldd "$node"
  find "$tree/node_modules" -name '*.node' -exec ldd {} \; 2>/dev/null
} | sed -n -e 's/.* => \(\/[^ ]*\) (0x.*/\1/p' -e 's/^[[:space:]]*\(\/[^ ]*\) (0x.*/\1/p' | sort -u | while read -r library; do
  mkdir -p "$folder$(dirname "$library")"
  cp -L "$library" "$folder$library"
done
libc=$(ldd "$node" | sed -n 's/.*libc\.so\.6 => \([^ ]*\) .*/\1/p')
for name in libnss_dns.so.2 libnss_files.so.2 libresolv.so.2; do
  if [ -e "$(dirname "$libc")/$name" ]; then cp -L "$(dirname "$libc")/$name" "$folder$(dirname "$libc")/"; fi
done

echo 'pushgrid:x:65532:65532:Pushgrid:/data:/sbin/nologin' >"$folder/etc/passwd"
echo 'pushgrid:x:65532:' >"$folder/etc/group"
echo 'hosts: files dns' >"$folder/etc/nsswitch.conf"
chown -R 0:0 "$folder"
chown 65532:65532 "$folder/data"
chmod 0700 "$folder/data"
chmod 1777 "$folder/tmp"
