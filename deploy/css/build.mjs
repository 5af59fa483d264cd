// Builds platform/tirek/web/static/app.css: compile, strip what we never use, purge, report the size.
// Words in keep.txt stay even where no template of today shows them.
import {readFileSync, readdirSync, writeFileSync} from "node:fs";
import {dirname, join} from "node:path";
import {fileURLToPath} from "node:url";
import {gzipSync} from "node:zlib";
import postcss from "postcss";
import {PurgeCSS} from "purgecss";
import * as sass from "sass";

const here = dirname(fileURLToPath(import.meta.url));
const web = join(here, "../../platform/tirek/web");
const target = join(web, "static/app.css");
const BUDGET = 10 * 1024;

// Twins of a property for browsers of before 2018, and the GOV.UK version stamps.
const OLD_TWIN = /font-smoothing|^-(webkit|moz|ms)-|^--govuk-(frontend-version|breakpoint)/;
const OLD_BROWSER = /^not \(text-wrap|^not \(caret-color/;
const OLD_SCREEN = /screen\\0|screen\uFFFD|-ms-high-contrast: none/;
// Always true in a browser that runs at all: the condition goes, its rules stay.
const ALWAYS_TRUE = /^not \(-ms-ime-align|sticky|max\(/;

// Parts of components that no page of ours has.
const NOT_OURS = /summary-card|actions-list|caption--(l|xl)|select option|select:focus::-ms|__conditional|__divider|:disabled|--block|pagination__(icon|link-label)|--decorated|banner__link|input__(wrapper|prefix|suffix)|width-30|main-wrapper--|error-summary__body|moz-focus/;

function strip(root) {
  root.walkComments((comment) => comment.remove());
  root.walkAtRules((rule) => {
    if (OLD_BROWSER.test(rule.params) || OLD_SCREEN.test(rule.params)) rule.remove();
    else if (rule.name === "supports" && ALWAYS_TRUE.test(rule.params)) rule.replaceWith(rule.nodes);
    else if (rule.name === "media") rule.params = rule.params.replace(/,\s*\(-ms-high-contrast[^)]*\)/, "");
  });
  root.walkDecls((decl) => {
    if (OLD_TWIN.test(decl.prop)) decl.remove();
    // One font family, set on body: a copy on every class cost 1 KB.
    else if (decl.prop === "font-family" && /^(system-ui|sans-serif)/.test(decl.value) && !decl.parent.selector.startsWith("body")) decl.remove();
    else decl.value = decl.value.replace(/var\((--govuk-[a-z-]+-colour), ?#[0-9a-f]+\)/g, "var($1)").replace(/(\d\.\d{3})\d+/g, "$1");
  });
  // Print sizes are set once, on body; addresses of links are not printed.
  root.walkAtRules("media", (rule) => {
    if (rule.params !== "print") return;
    rule.walkRules((inner) => {
      if (inner.selector.includes("href")) inner.remove();
      else if (inner.selector.includes("govuk")) inner.walkDecls(/^(font-size|line-height)$/, (decl) => decl.remove());
    });
  });
  root.walkRules((rule) => {
    rule.selectors = rule.selectors.filter((one) => !NOT_OURS.test(one.replace(/:not\(:disabled\)/g, "")));
    if (!rule.nodes.length || !rule.selector) rule.remove();
    else rule.selector = rule.selector.replace(/:not\(:disabled\)/g, "");
  });
  root.walkAtRules((rule) => {
    if (rule.nodes?.length === 0) rule.remove();
  });
}

// Neighbours with the same selector or the same media condition become one.
function joinNeighbours(root) {
  const same = (one, other) =>
    one.type === other?.type && (one.type === "rule" ? one.selector === other.selector : one.name === "media" && other.name === "media" && one.params === other.params);
  root.each((node) => {
    while (node.nodes && same(node, node.next())) {
      node.append(node.next().nodes);
      node.next().remove();
    }
    if (node.type === "atrule") joinNeighbours(node);
  });
}

function files(folder, ending) {
  return readdirSync(folder, {recursive: true, withFileTypes: true})
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

const keep = readFileSync(join(here, "keep.txt"), "utf8").replace(/^#.*$/gm, "").split(/\s+/).filter(Boolean);
const {css: compiled} = sass.compile(join(here, "app.scss"), {style: "compressed", quietDeps: true});
const stripped = postcss.parse(compiled.replace(/^\uFEFF/, ""));
strip(stripped);
const [purged] = await new PurgeCSS().purge({
  content: [...files(join(web, "templates"), ".html"), join(web, "static/app.js")],
  css: [{raw: stripped.toString()}],
  defaultExtractor: (text) => text.match(/[\w!-]+/g) ?? [],
  safelist: keep.map((word) => (word.endsWith("*") ? new RegExp(`^${word.slice(0, -1)}`) : word)),
  dynamicAttributes: ["aria-current", "open", "href"],
});
const root = postcss.parse(purged.css);
joinNeighbours(root);
// Short names for the custom properties: they repeat hundreds of times.
const css = `${root.toString().replace(/--govuk-([a-z-]+)-colour/g, "--$1").replace(/;}/g, "}").replace(/\n/g, "")}\n`;
writeFileSync(target, css);
const size = gzipSync(css, {level: 9}).length;
console.log(`${target}: ${css.length} bytes, ${size} gzipped (budget ${BUDGET})`);
if (size > BUDGET) process.exitCode = 1;
