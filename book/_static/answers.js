// Exercises answered in the page. Each check is the notebook's own, translated from Python when the
// book is built (javascript.py); here stands what differs between the languages, and the forms.
const lenetAnswers = (() => {
  class Wrong extends Error {}

  // A number as Python writes it.
  function written(value) {
    if (typeof value !== "number") return String(value);
    const size = Math.abs(value);
    if (size !== 0 && (size < 1e-4 || size >= 1e16)) return exponent(value.toExponential());
    return String(value);
  }

  const exponent = (text) =>
    text.replace(/e([+-])(\d)$/, "e$10$2").replace(/e(\d)/, "e+$1");

  function shown(value) {
    if (Array.isArray(value)) return `(${value.map(shown).join(", ")}${value.length === 1 ? "," : ""})`;
    if (typeof value === "boolean") return value ? "True" : "False";
    return typeof value === "string" ? `'${value}'` : written(value);
  }

  function shortened(value) {
    const text = shown(value).split(/\s+/).join(" ");
    return text.length <= 60 ? text : text.slice(0, 57) + "...";
  }

  // As Python's "g": so many significant digits, without zeros at the end.
  function general(value, digits) {
    if (value === 0) return "0";
    const power = Number(value.toExponential(digits - 1).split("e")[1]);
    const bare = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);
    if (power >= -4 && power < digits) return bare(value.toFixed(digits - 1 - power));
    const [number, rest] = value.toExponential(digits - 1).split("e");
    return exponent(`${bare(number)}e${rest}`);
  }

  const grouped = (text) => text.replace(/^([+-]?)(\d+)/, (_, sign, whole) =>
    sign + whole.replace(/\B(?=(\d{3})+$)/g, ","));

  function rounded(value, digits = 0) {
    const scaled = value * 10 ** digits;
    // Halves that a double holds exactly go to the even neighbour.
    if (Math.abs(scaled) < 2 ** 52 && Math.abs(scaled % 1) === 0.5 && scaled / 10 ** digits === value) {
      return (2 * Math.round(scaled / 2)) / 10 ** digits;
    }
    return Number(value.toFixed(digits));
  }

  const py = {
    iter: (x) => (x instanceof Map ? [...x.keys()] : [...x]),
    truth: (x) => (x !== null && typeof x === "object" ? py.len(x) > 0 : Boolean(x)),
    len: (x) => x.size ?? x.length,
    eq(one, other) {
      if (Array.isArray(one) && Array.isArray(other)) {
        return one.length === other.length && one.every((part, i) => py.eq(part, other[i]));
      }
      if (one instanceof Set && other instanceof Set) {
        return one.size === other.size && [...one].every((part) => other.has(part));
      }
      return Number.isFinite(Number(one)) && typeof one !== "string" && typeof other !== "string"
        && one !== null && other !== null && typeof one !== "object" && typeof other !== "object"
        ? Number(one) === Number(other)
        : one === other;
    },
    contains(all, one) {
      if (typeof all === "string") return all.includes(one);
      return py.iter(all).some((part) => py.eq(part, one));
    },
    or(...parts) {
      let value;
      for (const part of parts) if (py.truth((value = part()))) break;
      return value;
    },
    and_then(...parts) {
      let value;
      for (const part of parts) if (!py.truth((value = part()))) break;
      return value;
    },
    add: (a, b) => (Array.isArray(a) ? [...a, ...b] : a + b),
    sub: (a, b) => (a instanceof Set ? new Set([...a].filter((part) => !b.has(part))) : a - b),
    mul(a, b) {
      return Array.isArray(a) ? Array.from({ length: b * a.length }, (_, i) => a[i % a.length]) : a * b;
    },
    div: (a, b) => a / b,
    floordiv: (a, b) => Math.floor(a / b),
    mod: (a, b) => a - b * Math.floor(a / b),
    pow: (a, b) => a ** b,
    and: (a, b) => new Set([...a].filter((part) => b.has(part))),
    at(all, place) {
      if (all instanceof Map) return all.get(place);
      return all[place < 0 ? all.length + place : place];
    },
    slice(all, start, stop, step) {
      const turned = step === -1 ? [...all].reverse() : all;
      return turned.slice(start ?? 0, stop ?? turned.length);
    },
    get: (all, key, otherwise = null) => (all.has(key) ? all.get(key) : otherwise),
    items: (all) => [...all],
    keys: (all) => new Set(all.keys()),
    values: (all) => [...all.values()],
    lower: (text) => text.toLowerCase(),
    join: (between, parts) => py.iter(parts).join(between),
    abs: Math.abs,
    all: (parts) => py.iter(parts).every(py.truth),
    any: (parts) => py.iter(parts).some(py.truth),
    enumerate: (parts) => py.iter(parts).map((part, i) => [i, part]),
    float: Number,
    int: Math.trunc,
    list: py_list,
    tuple: py_list,
    map: (function_, ...parts) => py.zip(...parts).map((each) => function_(...each)),
    max: (...parts) => Math.max(...(parts.length > 1 ? parts : parts[0])),
    min: (...parts) => Math.min(...(parts.length > 1 ? parts : parts[0])),
    range: (...ends) => {
      const [start, stop] = ends.length > 1 ? ends : [0, ends[0]];
      return Array.from({ length: Math.max(0, stop - start) }, (_, i) => start + i);
    },
    round: rounded,
    set: (parts = []) => new Set(py.iter(parts)),
    sorted: (parts) => py.iter(parts).sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)),
    str: (value) => (typeof value === "string" ? value : shown(value)),
    sum: (parts) => py.iter(parts).reduce((a, b) => a + Number(b), 0),
    zip(...parts) {
      const lists = parts.map(py.iter);
      const length = Math.min(...lists.map((list) => list.length));
      return Array.from({ length }, (_, i) => lists.map((list) => list[i]));
    },
    isclose(a, b, relative) {
      return a === b || Math.abs(a - b) <= relative * Math.max(Math.abs(a), Math.abs(b));
    },
    format(value, spec) {
      if (spec === "") return py.str(value);
      const [, comma, digits, kind] = /^(,?)(?:\.(\d+))?([gf%d]?)$/.exec(spec);
      let text = written(value);
      if (kind === "g") text = general(value, Number(digits ?? 6));
      if (kind === "f") text = rounded(value, Number(digits ?? 6)).toFixed(Number(digits ?? 6));
      if (kind === "%") text = rounded(100 * value, Number(digits ?? 6)).toFixed(Number(digits ?? 6)) + "%";
      return comma ? grouped(text) : text;
    },
    // What a field of the page gives: a number, or the text that was none.
    as_given: (answer) => answer,
    wrong(message) {
      throw new Wrong(message);
    },
    integer(answer, name) {
      if (Number.isInteger(answer)) return answer;
      return py.wrong(`${name} is ${shortened(answer)}; expected a whole number, such as 7.`);
    },
    integers: (answer, count, name) =>
      answer.map((part) => py.integer(part, `one part of ${name}`)),
    number(answer, name) {
      if (Number.isFinite(answer)) return answer;
      return py.wrong(
        `${name} is ${shortened(answer)}, which is not a number; expected one, such as 2.5.`,
      );
    },
    unrounded: (answer, name) => (Number.isFinite(answer) ? answer : py.integer(answer, name)),
  };

  function py_list(parts = []) {
    return py.iter(parts);
  }

  // "1,510", "-0.5", "1e-3", "1/20"; what is no number stays a text.
  function read(text) {
    const plain = text.trim().replaceAll("\u2212", "-");
    const one = /^[+-]?(\d{1,3}([,_]\d{3})+(\.\d*)?|\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
    const parts = plain.split("/").map((part) => part.trim());
    if (parts.length > 2 || !parts.every((part) => one.test(part))) return plain;
    const [over, under = 1] = parts.map((part) => Number(part.replace(/[,_]/g, "")));
    return over / under;
  }

  function verdict(check, answers) {
    const fields = answers.flat();
    if (fields.some((answer) => answer === "")) {
      const fill = fields.length > 1 ? "fill in every field." : "fill in the field.";
      return { right: false, message: `There is no answer yet: ${fill}` };
    }
    try {
      return { right: true, message: check(...answers) };
    } catch (error) {
      if (error instanceof Wrong) return { right: false, message: error.message };
      return { right: false, message: `The answer cannot be compared: ${error.message}` };
    }
  }

  function ask(form, check) {
    const answer = form.querySelector("[role=status]");
    const take = (input) => (input.dataset.kind === "text" ? input.value.trim() : read(input.value));
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const answers = [...form.querySelectorAll("[data-answer]")].map((part) =>
        part.matches("input") ? take(part) : [...part.querySelectorAll("input")].map(take));
      const { right, message } = verdict(check, answers);
      answer.className = `lenet-check lenet-check-${right ? "right" : "wrong"}`;
      const head = document.createElement("strong");
      head.textContent = right ? "Right." : "Not yet.";
      answer.replaceChildren(head, ` ${message}`);
      document.dispatchEvent(
        new CustomEvent("lenet-answer", { detail: { exercise: form.dataset.exercise, right } }),
      );
    });
  }

  function start(checks) {
    for (const form of document.querySelectorAll(".lenet-answer")) {
      ask(form, checks[form.dataset.check]);
    }
  }

  return { py, read, verdict, start };
})();
