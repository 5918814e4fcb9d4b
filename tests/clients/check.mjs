// Shared by the tests in JavaScript: what a test is, how its result is shown, and questions to the server.

export const url = process.env.TAKWIMU_URL;
export const token = process.env.TAKWIMU_TOKEN;

/** Asks the reporting API. */
export async function ask(method, parameters = {}) {
  const form = new URLSearchParams({ module: "API", format: "json", method, token_auth: token, ...parameters });
  const answer = await fetch(`${url}/index.php`, { method: "POST", body: form });
  return answer.json();
}

/** Makes a site of its own for a test, so that numbers can be exact. */
export async function makeSite(name) {
  const site = await ask("SitesManager.addSite", { siteName: name, urls: `https://${name}.example` });
  return site.value;
}

/** Waits until a question has the answer; a client may send without waiting for the server. */
export async function until(question, isRight) {
  let answer;
  for (let attempt = 0; attempt < 50; attempt++) {
    answer = await question();
    if (isRight(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the answer stays ${JSON.stringify(answer)}`);
}

/** Runs tests by name and shows how many passed, in the form that scripts/test.sh adds up. */
export async function run(tests) {
  let failed = 0;
  for (const [name, test] of Object.entries(tests)) {
    try {
      await test();
      console.log(`ok      ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED  ${name}: ${error.stack}`);
    }
  }
  console.log(`  ${Object.keys(tests).length - failed} passed`);
  if (failed > 0) console.log(`  ${failed} failed`);
  // A client that does not read its answers keeps connections open, which would keep this process.
  process.exit(failed > 0 ? 1 : 0);
}
