// Keys for deciding a conflict. Without this file the form works as it stands.

const form = document.getElementById("decision");
const third = document.getElementById("third");
const told = document.getElementById("told");
const singleKeys = document.getElementById("single-keys");
const differences = [...document.querySelectorAll("[data-differs]")];
const beginnings = [...document.querySelectorAll("button[data-from]")];
const choices = [...form.querySelectorAll("input[name=choice]")];
const SWITCH = "errata single keys";

singleKeys.checked = localStorage.getItem(SWITCH) !== "off";
singleKeys.addEventListener("change", () => localStorage.setItem(SWITCH, singleKeys.checked ? "on" : "off"));

function choose(input) {
  input.checked = true;
  told.textContent = `${input.closest("label").textContent.trim()} is chosen`;
}

function beginWith(text) {
  third.value = text;
  choose(choices.find((input) => input.value === "third"));
  third.focus();
}

function edit() {
  const place = choices.findIndex((input) => input.checked && input.value !== "third");
  if (place >= 0) beginWith(beginnings[place].dataset.from);
  else beginWith(third.value);
}

function step(by) {
  if (!differences.length) return;
  const here = differences.indexOf(document.activeElement.closest("[data-differs]"));
  const next = here < 0 && by < 0 ? differences.length - 1 : (here + by + differences.length) % differences.length;
  differences[next].focus();
  differences[next].scrollIntoView({ block: "nearest" });
}

for (const button of beginnings) button.addEventListener("click", () => beginWith(button.dataset.from));
third.addEventListener("input", () => { choices.find((input) => input.value === "third").checked = true; });

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit();
    return;
  }
  if (event.key === "Escape" && document.activeElement === third) {
    third.blur();
    document.getElementById("main").focus();
    return;
  }
  const writing = document.activeElement === third || event.ctrlKey || event.metaKey || event.altKey;
  if (writing || !singleKeys.checked) return;
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code);
  const chosen = digit && choices.find((input) => input.dataset.key === digit[1]);
  if (chosen) choose(chosen);
  else if (event.code === "KeyN") step(1);
  else if (event.code === "KeyP") step(-1);
  else if (event.code === "KeyE") edit();
  else return;
  event.preventDefault();
});
