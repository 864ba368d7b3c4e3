/**
 * Loop: reporter — what an agent says of itself, and the line in the log, which is an event, when
 * its state or its problems are others than before.
 */
import type { Log } from '../ports.ts';
import type { AgentReport } from '../services/service.ts';

/** Takes what is new; the rest is as it was reported last. */
export type Reporter = (news: Partial<AgentReport>) => AgentReport;

/** An agent that starts. */
export function createReporter(log: Log, name: string): Reporter {
  let last: AgentReport = { name, state: 'starting', problems: [], changes: 0 };
  return (news) => {
    const report = { ...last, ...news };
    const isNew =
      report.state !== last.state || report.problems.join('\n') !== last.problems.join('\n');
    if (isNew) {
      const facts = { service: name, state: report.state, problems: report.problems };
      if (report.problems.length > 0) log.warn('agent', facts);
      else log.info('agent', facts);
    }
    last = report;
    return report;
  };
}
