// Builds platform/tirek/web/static/app.css: compile, strip what we never use, purge, report the size.
// Class names other people may use without a template of ours showing them stand in keep.txt.
import {readFileSync, readdirSync, writeFileSync} from "node:fs";
import {dirname, join} from "node:path";
import {fileURLToPath} from "node:url";
import {gzipSync} from "node:zlib";
import {PurgeCSS} from "purgecss";
import postcss from "postcss";
import * as sass from "sass";

const here = dirname(fileURLToPath(import.meta.url));
const web = join(here, "../../platform/tirek/web");
const target = join(web, "static/app.css");
const BUDGET = 10 * 1024;

const keep = readFileSync(join(here, "keep.txt"), "utf8").split(/\s+/).filter((word) => word && !word.startsWith("#"));

function files(folder, ending) {
  return readdirSync(folder, {recursive: true, withFileTypes: true})
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

// One font family, set on body; print sizes, printed link addresses and old-browser twins cost 4 KB and serve nobody.
const strip = {
  postcssPlugin: "tirek-strip",
  Once(root) {
    root.walkDecls((decl) => {
      if (/font-smoothing|-webkit-(appearance|text-decoration-skip|box-decoration-break)|-moz-(?!appearance)|^appearance$/.test(decl.prop) && decl.prop !== "appearance") decl.remove();
      else if (decl.prop === "font-family" && !/^ui-monospace/.test(decl.value) && decl.parent.selector !== "body,button,input,select,textarea") decl.remove();
      else if (decl.prop === "--govuk-frontend-version" || decl.prop.startsWith("--govuk-breakpoint")) decl.remove();
      else {
        decl.value = decl.value
          .replace(/var\((--govuk-[a-z-]+-colour), ?#[0-9a-f]+\)/g, "var($1)")
          .replace(/(\d\.\d{3})\d+/g, "$1");
      }
    });
    root.walkAtRules("media", (rule) => {
      if (rule.params !== "print") return;
      rule.walkDecls((decl) => {
        if (/^(font-size|line-height|font-family)$/.test(decl.prop) && decl.parent.selector.includes("govuk")) decl.remove();
      });
      rule.walkRules((inner) => {
        if (inner.selector.includes("::after") && inner.selector.includes("href")) inner.remove();
      });
    });
    root.walkAtRules("supports", (rule) => {
      if (rule.params.startsWith("not")) rule.remove();
    });
    root.walkComments((comment) => comment.remove());
    root.walkRules((rule) => {
      if (!rule.nodes.length) rule.remove();
    });
    root.walkAtRules((rule) => {
      if (rule.nodes && !rule.nodes.length) rule.remove();
    });
  },
};

// Short private names for custom properties: they repeat hundreds of times.
function shorten(css) {
  return css.replaceAll(/--govuk-([a-z-]+)-colour/g, "--$1");
}

// Rules that follow one another with the same selector, or media blocks with the same condition, become one.
function join_neighbours(root) {
  root.each((node) => {
    let next = node.next();
    while (next && node.type === next.type && node.nodes && next.nodes && (node.type === "rule" ? node.selector === next.selector : node.name === "media" && node.params === next.params)) {
      node.append(next.nodes);
      next.remove();
      next = node.next();
    }
  });
}

const compiled = sass.compile(join(here, "app.scss"), {style: "compressed", quietDeps: true, loadPaths: [here]}).css.replace(/^\uFEFF/, "");
const stripped = postcss([strip]).process(compiled, {from: undefined}).css;
const [purged] = await new PurgeCSS().purge({
  content: [...files(join(web, "templates"), ".html"), ...files(web, ".py"), ...files(join(web, "static"), ".js")],
  css: [{raw: stripped}],
  defaultExtractor: (text) => text.match(/[A-Za-z0-9_!-]+/g) ?? [],
  safelist: {standard: keep.filter((word) => !word.endsWith("*")), greedy: [], deep: [], variables: [], keyframes: []},
  dynamicAttributes: ["aria-current", "open", "href"],
  ...(keep.some((word) => word.endsWith("*")) && {
    safelist: {standard: [...keep.filter((word) => !word.endsWith("*")), ...keep.filter((word) => word.endsWith("*")).map((word) => new RegExp("^" + word.slice(0, -1).replace(/[!]/g, "\\$&")))]},
  }),
});
const root = postcss.parse(purged.css);
join_neighbours(root);
const css = shorten(root.toString()).replace(/;}/g, "}").replace(/\n/g, "") + "\n";
writeFileSync(target, css);
const size = gzipSync(css, {level: 9}).length;
console.log(`${target}: ${css.length} bytes, ${size} gzipped (budget ${BUDGET})`);
if (size > BUDGET) process.exit(1);
