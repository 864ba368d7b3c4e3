/**
 * Rule: local config — what only this VM decides or knows, as its file `config` holds it.
 */
import * as z from 'zod/mini';

const endpoint = z.object({ host: z.string(), port: z.number() });

const localConfig = z.object({
  name: z.string(),
  port: z.number(),
  interface: z.string(),
  advertised: z.nullable(endpoint),
  observed: z.nullable(endpoint),
  services: z.array(z.string()),
  allowRun: z.boolean(),
  eligible: z.optional(z.boolean()),
  audit: z.optional(z.object({ bytesMax: z.number(), ageMsMax: z.number() })),
  entries: z.array(z.object({ member: z.string(), endpoint })),
});

/**
 * `eligible`: whether this VM may have the core role; absent: yes. `audit`: how much of its log is
 * kept; absent: as is usual. `observed`: how the entry saw us. `entries`: the members of the token,
 * for the first contact.
 */
export type LocalConfig = z.infer<typeof localConfig>;

/** The settings in a file's text; null when it holds none. */
export function parseConfig(text: string): LocalConfig | null {
  try {
    const parsed = z.safeParse(localConfig, JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
