// A reporter for node --test that writes a line of JSON for every test as it ends.

export default async function* lines(events) {
  const path = [];
  let errors = "";
  for await (const { type, data } of events) {
    if (type === "test:stderr") {
      errors += data.message;
    } else if (type === "test:start") {
      path.length = data.nesting;
      path.push(data.name);
    } else if (type === "test:pass" || type === "test:fail") {
      const passed = type === "test:pass" && data.skip === undefined && data.todo === undefined;
      const error = data.details?.error;
      const why = passed ? "" : String(error?.cause?.message ?? error?.message ?? "skipped");
      const line = { why: why.slice(-500), passed };
      if (data.nesting === 0 && data.name.endsWith(process.env.TEST_EVAL_FILE)) {
        // The file itself: it could not be loaded, or holds no tests.
        yield JSON.stringify(passed ? {} : { broken: (errors || why).slice(-1000) }) + "\n";
      } else {
        line.test = path.slice(0, data.nesting + 1).join(" > ");
        line.suite = data.details?.type === "suite";
        yield JSON.stringify(line) + "\n";
      }
    }
  }
}
