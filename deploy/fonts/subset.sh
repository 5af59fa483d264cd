#!/bin/sh
# Makes platform/tirek/web/fonts/NotoSans.ttf anew: the letters that certificates and leaflets need.
# Wants Debian's fonts-noto-core and fonttools (pip install fonttools): FONT=… and PYFTSUBSET=… say
# where they are. The result is committed; no server needs a font of its own system.
set -eu
cd "$(dirname "$0")/../.."
font=${FONT:-/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf}
# Latin with its accents, all Cyrillic of Kazakhstan's languages, and the punctuation of both.
letters=U+0020-007E,U+00A0-017F,U+0400-045F,U+0492-0493,U+049A-049B,U+04A2-04A3,U+04AE-04B1,U+04BA-04BB,U+04D8-04D9,U+04E8-04E9,U+2010-2015,U+2018-201E,U+2022,U+2026,U+20B8,U+2116,U+2212
"${PYFTSUBSET:-pyftsubset}" "$font" --unicodes="$letters" --layout-features=kern --no-hinting \
  --name-IDs=0,1,2,3,4,5,6,13,14 --notdef-outline --glyph-names \
  --output-file=platform/tirek/web/fonts/NotoSans.ttf
