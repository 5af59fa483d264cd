// Keeps a course on this device if its reader asks for it, and says "saved" only when every page is there.
// Words come from data attributes, never from here.
const KEPT = "course ";
const box = document.querySelector("[data-keep-course]");
const state = box.querySelector("[data-state]");
const [save, remove] = [box.querySelector("[data-save]"), box.querySelector("[data-remove]")];
const {keepCourse, mark, urls, worker} = box.dataset;
const pages = urls.split(" ");
const own = `${KEPT}${keepCourse} `;
const size = (bytes) => Math.max(1, Math.ceil(bytes / 1024)).toLocaleString(document.documentElement.lang);

function say(what, numbers = {}) {
  state.textContent = box.dataset[what].replace(/\{(\w+)\}/g, (_whole, name) => numbers[name] ?? "");
}

// What really lies on the device, asked anew each time: a browser may have thrown a part away.
async function held() {
  const names = (await caches.keys()).filter((name) => name.startsWith(own));
  let bytes = 0;
  for (const page of pages) {
    const found = names.includes(own + mark) && (await (await caches.open(own + mark)).match(page, {ignoreVary: true}));
    if (!found) return names.length ? {what: "old"} : {what: "none"};
    bytes += (await found.blob()).size;
  }
  const works = await navigator.serviceWorker.getRegistration("/");
  return works ? {what: "kept", all: pages.length, size: size(bytes)} : {what: "old"};
}

async function show() {
  const found = await held();
  say(found.what, found);
  save.hidden = found.what === "kept";
  remove.hidden = found.what === "none";
}

// As a stranger: a kept page must not know who kept it. Files whose address changes with them are at hand.
async function fetched(page) {
  const cache = page.startsWith("/static/") ? "default" : "no-store";
  const answer = await fetch(page, {credentials: "omit", cache});
  if (!answer.ok || answer.redirected) throw new Error(answer.status);
  return answer;
}

async function forget() {
  for (const name of await caches.keys()) if (name.startsWith(own)) await caches.delete(name);
}

async function keep() {
  const answers = new Map();
  for (const page of pages) {
    say("keeping", {done: answers.size, all: pages.length});
    answers.set(page, await fetched(page));
  }
  await forget();
  const cache = await caches.open(own + mark);
  for (const [page, answer] of answers) await cache.put(page, answer);
  await navigator.serviceWorker.register(worker, {scope: "/"});
}

if (window.caches && navigator.serviceWorker) {
  box.hidden = false;
  save.addEventListener("click", async () => {
    save.disabled = true;
    try {
      await keep();
      await show();
    } catch {
      await show();
      say("failed");
    }
    save.disabled = false;
  });
  remove.addEventListener("click", async () => {
    await forget();
    if (!(await caches.keys()).some((name) => name.startsWith(KEPT))) {
      await (await navigator.serviceWorker.getRegistration("/"))?.unregister();
    }
    await show();
  });
  show();
}
