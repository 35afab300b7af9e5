import pg from "pg";
import { PAGE, asked, loopOf } from "./commands.mjs";

/**
 * The lock is held until the command is committed, so that no reader sees a position whose predecessor is still to come.
 * It has to be a function: within one statement the last position would be read before the lock is had.
 */
const SCHEMA = `
BEGIN;
SELECT pg_advisory_xact_lock(7201);
CREATE TABLE IF NOT EXISTS command (
  campaign text, seq bigint, id text NOT NULL, at bigint NOT NULL, loop text, body text NOT NULL,
  PRIMARY KEY (campaign, seq), UNIQUE (campaign, id)
);
CREATE INDEX IF NOT EXISTS command_loop ON command (campaign, loop, seq);
CREATE OR REPLACE FUNCTION append_command(which text, its_id text, its_loop text, its_body text) RETURNS SETOF command AS $$
DECLARE
  last command;
BEGIN
  PERFORM pg_advisory_xact_lock(7200, hashtext(which));
  IF NOT EXISTS (SELECT FROM command WHERE campaign = which AND id = its_id) THEN
    SELECT * INTO last FROM command WHERE campaign = which ORDER BY seq DESC LIMIT 1;
    INSERT INTO command VALUES (which, coalesce(last.seq, 0) + 1, its_id,
      greatest(last.at, floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint), its_loop, its_body);
  END IF;
  RETURN QUERY SELECT * FROM command WHERE campaign = which AND id = its_id AND body = its_body;
END $$ LANGUAGE plpgsql;
CREATE TABLE IF NOT EXISTS report (source text, id text, record jsonb NOT NULL, PRIMARY KEY (source, id));
COMMIT;
`;

/** A store of commands, and of reports, in PostgreSQL. */
export async function postgres(url) {
  const pool = new pg.Pool({ connectionString: url });
  // A connection that breaks while nobody uses it is not the end of the program; the pool opens another.
  pool.on("error", (error) => console.error(`PostgreSQL: ${error.message}`));
  await pool.query(SCHEMA);
  return {
    /** Where the command stands: appended now, or before under the same id. `undefined` if that id asked for something else. */
    async append(campaign, command) {
      const values = [campaign, command.id, loopOf(command), asked(command)];
      const { rows } = await pool.query("SELECT seq, at FROM append_command($1, $2, $3, $4)", values);
      return rows[0] && { ok: true, seq: Number(rows[0].seq), at: Number(rows[0].at) };
    },

    async list(campaign, after, loop = null) {
      const { rows } = await pool.query(
        `SELECT seq, at, body FROM command WHERE campaign = $1 AND seq > $2 AND ($3::text IS NULL OR loop = $3)
         ORDER BY seq LIMIT ${PAGE}`,
        [campaign, after, loop],
      );
      const commands = rows.map(({ seq, at, body }) => {
        return { seq: Number(seq), ...JSON.parse(body), at: Number(at) };
      });
      return { commands, next: commands.at(-1)?.seq ?? after };
    },

    /** Keeps records; one that is there already, by its source and id, stays as it is. */
    async keep(records) {
      await pool.query(
        `INSERT INTO report SELECT r->>'source', r->>'id', r FROM jsonb_array_elements($1::jsonb) AS r
         ON CONFLICT DO NOTHING`,
        [JSON.stringify(records)],
      );
    },

    close: () => pool.end(),
  };
}
