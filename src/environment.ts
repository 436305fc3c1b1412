/** What the programs that siteward starts need of the environment, and the system's own libraries; no secrets of anybody. */
const harmless =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_\w+|TZ|TMPDIR|TERM|COLUMNS|CI|XDG_RUNTIME_DIR|SSH_AUTH_SOCK|NODE_(OPTIONS|ENV|EXTRA_CA_CERTS|V8_COVERAGE)|UV_\w+|SSL_CERT_(FILE|DIR))$/

/**
 * A copy of the environment for siteward itself; of the process's own, which every child of a library inherits, only what
 * is harmless is left: a secret that stands in a variable must not be handed on. Windows needs far more, and is left as it is.
 */
export function takeEnvironment(
  environment: NodeJS.ProcessEnv,
  platform: NodeJS.Platform,
): Readonly<Record<string, string | undefined>> {
  const own = { ...environment }
  if (platform === 'win32') return own
  for (const name of Object.keys(own)) if (!harmless.test(name)) delete environment[name]
  return own
}
