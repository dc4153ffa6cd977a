#!/usr/bin/env bash
# Make page/libraries.js, the libraries of the page in one file, and page/libraries.txt, their
# licenses. Both are committed: installing and running soundalike needs no node. Needs npm.
set -euo pipefail
page=$(cd "$(dirname "$0")" && pwd)/page
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --ignore-scripts \
  regl-scatterplot@1.16.0 regl@2.1.1 pub-sub-es@3.0.0 wavesurfer.js@8.0.1 esbuild@0.28.2 kdbush@4.0.2
cat > entry.js <<'EOF'
export { default as createScatterplot } from "regl-scatterplot";
export { default as WaveSurfer } from "wavesurfer.js";
export { default as Regions } from "wavesurfer.js/dist/plugins/regions.esm.js";
EOF
npx esbuild entry.js --bundle --minify --format=esm --legal-comments=none \
  --outfile="$page/libraries.js"
{
  echo "libraries.js contains these libraries; some are inside the code of regl-scatterplot."
  for package in node_modules/[!@.]* node_modules/@*/*; do
    name=${package#node_modules/}
    [[ $name == *esbuild* ]] && continue
    version=$(node -p "require('./$package/package.json').version")
    printf '\n%s\n%s %s\n\n' "$(printf '=%.0s' {1..80})" "$name" "$version"
    cat "$package"/LICENSE*
  done
} > "$page/libraries.txt"
