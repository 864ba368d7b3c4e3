/** Rules of tidy: time, chance and the machine are reached through ports only. */
import { isTest, isTypeScript, matches, type TidyRule } from './source.ts';

/** What reads a clock, throws dice or waits. `new Date(ms)` with an argument is pure. */
const CLOCK_AND_CHANCE = [
  /\bDate\.now\b/g,
  /\bnew\s+Date\b(?!\s*\(\s*[^\s)])/g,
  /(?<!\.)\bperformance\s*\./g,
  /\bMath\.random\b/g,
];
/**
 * The machine: globals of Node. A parameter named `process` or `crypto` is a port and has other
 * methods.
 */
const MACHINE = [
  /(?<![.\w])(?:setTimeout|setInterval|setImmediate|queueMicrotask|fetch|require)\s*\(/g,
  /(?<![.\w])(?:console|Buffer|globalThis)\s*\./g,
  /(?<![.\w])process\s*\.\s*(?:env|argv|exit|exitCode|cwd|std\w+|nextTick|hrtime|pid|on|once)\b/g,
  /(?<![.\w])process\s*\.\s*(?:memoryUsage|uptime|kill|platform|arch|getuid|emitWarning)\b/g,
  /(?<![.\w])crypto\s*\.\s*(?:subtle|getRandomValues|randomUUID|randomBytes|createHash)\b/g,
  /\bAbortSignal\s*\.\s*timeout\b/g,
];

/**
 * Patterns that a path must not contain. Scripts and real worlds are programs: they touch the
 * machine.
 */
const forbiddenIn = (path: string): readonly RegExp[] => {
  if (isTest(path) || path === 'src/main.ts' || path.startsWith('src/node/linux/')) return [];
  if (path.startsWith('src/') || path.startsWith('scenarios/')) {
    return [...CLOCK_AND_CHANCE, ...MACHINE];
  }
  return path.startsWith('sim/') && path !== 'sim/run.ts' ? CLOCK_AND_CHANCE : [];
};

/** No clock, dice, timer or machine outside the edges. */
export const checkPurity: TidyRule = (tree) =>
  tree
    .filter(({ path }) => isTypeScript(path))
    .flatMap(({ path, code }) =>
      forbiddenIn(path).flatMap((pattern) =>
        matches(code, pattern).map(({ match, line }) => {
          const message = `${match[0].trim()}: take it from a port (src/ports.ts)`;
          return { path, line, rule: 'purity', message };
        }),
      ),
    );
