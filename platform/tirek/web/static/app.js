// Everything here is an extra: each page works without it. Words come from data attributes, never from here.
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const post = (url, fields) =>
  fetch(url, {
    method: "POST",
    body: new URLSearchParams(fields),
    headers: {Accept: "application/json"},
    credentials: "same-origin",
    redirect: "manual",
    keepalive: true,
  });

// Quick exit: hide the page at once, end the sitting on the server, replace this history entry.
function leave(link) {
  document.documentElement.classList.add("leaving");
  document.title = "…";
  if (link.dataset.leave) post(link.dataset.leave, {csrf_token: link.dataset.csrf}).catch(() => {});
  location.replace(link.href);
}

const exit = document.querySelector("[data-exit]");
if (exit) {
  for (const link of all("[data-exit]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      leave(link);
    });
  }
  // Three Shifts in a row: only with a real keyboard and outside text, where Shift is for writing.
  let presses = [];
  let alone = false;
  const writing = () => document.activeElement?.matches("input:not([type=radio]):not([type=checkbox]), textarea, select");
  addEventListener("keydown", (event) => {
    alone = event.key === "Shift" && !event.repeat;
    if (event.key !== "Shift") presses = [];
  });
  addEventListener("keyup", (event) => {
    if (event.key !== "Shift" || !alone || writing() || !matchMedia("(pointer: fine)").matches) return;
    presses = [...presses.filter((at) => event.timeStamp - at < 2000), event.timeStamp];
    if (presses.length === 3) leave(exit);
  });
}

// A page brought back from memory may show what its reader has left: ask the server again.
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});

// Autosave: the server has the truth; nothing is kept on the device.
for (const form of all("form[data-autosave]")) {
  const state = form.querySelector("[data-save-state]");
  const waiting = new Map();
  let busy = false;
  let refused = false;
  const say = (words, late) => {
    if (!state) return;
    state.textContent = words ?? "";
    state.classList.toggle("save-state--late", late);
  };
  const send = async () => {
    if (busy || refused || !waiting.size) return;
    busy = true;
    const [item, value] = waiting.entries().next().value;
    say(form.dataset.saving, false);
    try {
      const answer = await post(form.dataset.autosave, {
        item,
        value,
        csrf_token: form.elements.namedItem("csrf_token")?.value ?? "",
      });
      if (answer.ok) {
        if (waiting.get(item) === value) waiting.delete(item);
        say(waiting.size ? form.dataset.saving : form.dataset.saved, false);
      } else if (answer.status < 500 && answer.status !== 429) {
        // The sitting is over or the answer is not accepted: the form itself will tell why.
        refused = true;
        say(form.dataset.refused ?? form.dataset.unsaved, true);
      } else {
        throw new Error(answer.status);
      }
      busy = false;
      send();
    } catch {
      busy = false;
      say(form.dataset.unsaved, true);
      setTimeout(send, 5000);
    }
  };
  form.addEventListener("change", (event) => {
    if (event.target.type !== "radio") return;
    waiting.delete(event.target.name);
    waiting.set(event.target.name, event.target.value);
    send();
  });
  addEventListener("online", send);
}

// A second press of the same button sends nothing; a page that got no answer may be sent again.
for (const form of all("form")) {
  if (form.method !== "post") continue;
  let sent = 0;
  form.addEventListener("submit", (event) => {
    if (event.timeStamp - sent < 8000 && sent) event.preventDefault();
    else sent = event.timeStamp;
  });
}

// Errors: focus the summary, and from there the question itself.
const summary = document.querySelector("[data-error-summary]");
if (summary) {
  summary.focus();
  summary.addEventListener("click", (event) => {
    const id = event.target.closest("a")?.hash.slice(1);
    const target = id && document.getElementById(id);
    if (!target) return;
    event.preventDefault();
    const field = target.matches("fieldset") ? target.querySelector("input") : target;
    (target.closest("fieldset, .govuk-form-group") ?? target).scrollIntoView();
    field.focus({preventScroll: true});
  });
}

const offline = document.querySelector("[data-offline]");
const network = () => {
  offline.hidden = navigator.onLine;
};
if (offline) {
  addEventListener("online", network);
  addEventListener("offline", network);
  network();
}

// Two minutes before an idle sitting ends, ask; the button tells the server that somebody is here.
const idle = document.querySelector("[data-idle]");
if (idle) {
  let timer;
  const wait = () => {
    idle.hidden = true;
    clearTimeout(timer);
    timer = setTimeout(() => {
      idle.hidden = false;
    }, (idle.dataset.idle - 120) * 1000);
  };
  idle.querySelector("button").addEventListener("click", () => fetch(idle.dataset.idleUrl, {cache: "no-store"}).then(wait, () => {}));
  wait();
}

for (const button of all("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  const label = button.textContent;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent.trim());
    button.textContent = button.dataset.copied;
    setTimeout(() => {
      button.textContent = label;
    }, 3000);
  });
}
for (const button of all("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

// A lesson's place: a card that has been in view for a second is reached; the server keeps the furthest.
const place = document.querySelector("form[data-place]");
if (place && "IntersectionObserver" in window) {
  for (const button of all("[data-keep]")) button.parentElement.hidden = true;
  const heads = all(".lesson .card > h2[id]");
  let furthest = Number(place.dataset.place);
  const waits = new Map();
  const reach = (head) => {
    const at = heads.indexOf(head);
    if (at <= furthest) return;
    const before = furthest;
    furthest = at;
    post(place.action, {card: head.id, csrf_token: place.elements.namedItem("csrf_token").value}).then(
      (answer) => {
        if (answer.status >= 500) furthest = Math.min(furthest, before);
      },
      () => {
        furthest = Math.min(furthest, before);
      },
    );
  };
  const eye = new IntersectionObserver((entries) => {
    for (const {target, isIntersecting} of entries) {
      clearTimeout(waits.get(target));
      if (isIntersecting) waits.set(target, setTimeout(reach, 1000, target));
    }
  });
  heads.forEach((head) => eye.observe(head));
}
