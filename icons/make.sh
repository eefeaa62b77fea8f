#!/bin/sh
# Makes every icon from its SVG. Needs rsvg-convert (librsvg2-bin), png2icns (icnsutils) and icotool (icoutils).
set -eu
cd "$(dirname "$0")"
parts=$(mktemp -d)
trap 'rm -r "$parts"' EXIT

png() { # SOURCE SIZE TARGET
	rsvg-convert --width "$2" --height "$2" "$1" --output "$3"
}

png visio.svg 32 32x32.png
png visio.svg 128 128x128.png
png visio.svg 256 128x128@2x.png
png visio.svg 512 icon.png
png tray.svg 64 tray.png
png tray-template.svg 64 tray-template.png

cp visio.svg ../ui/icon.svg

for size in 16 24 32 48 64 128 256 512; do png visio.svg $size "$parts/$size.png"; done
icotool --create --output icon.ico "$parts/16.png" "$parts/24.png" "$parts/32.png" "$parts/48.png" "$parts/64.png" --raw "$parts/256.png"
png2icns icon.icns "$parts/16.png" "$parts/32.png" "$parts/128.png" "$parts/256.png" "$parts/512.png" >/dev/null
