using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace Bob.Host.Records.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class PlainWords : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            // As SQLite's index of words sees a text: letters without accents, digits, and nothing between them. By itself PostgreSQL keeps addresses, numbers and
            // words with hyphens together. What is neither letter nor digit is named by its places in Unicode, because classes of characters hang on the locale, and
            // that of a database may know ASCII alone. Accents are told apart in UTF-8 only; what a database is encoded in never changes, so the function is immutable.
            migrationBuilder.Sql(
                """
                CREATE FUNCTION bob_words(said text) RETURNS text LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
                    SELECT CASE WHEN getdatabaseencoding() = 'UTF8' THEN
                        regexp_replace(
                            normalize(regexp_replace(normalize(said, NFD), '[\u0300-\u036f]+', '', 'g'), NFC),
                            '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00a9\u00ab-\u00b1\u00b4\u00b6-\u00b8\u00bb\u00bf\u00d7\u00f7' -- ASCII and Latin-1
                            '\u02c2-\u02c5\u02d2-\u02df\u02e5-\u02eb\u02ed\u02ef-\u02ff\u0375\u037e\u0384-\u0385\u0387\u03f6\u0482\u055a-\u055f' -- European and Semitic scripts
                            '\u0589-\u058f\u05be\u05c0\u05c3\u05c6\u05f3-\u060f\u061b-\u061f\u066a-\u066d\u06d4\u06dd-\u06de\u06e9\u06fd-\u06fe'
                            '\u0700-\u070f\u07f6-\u07f9\u07fe-\u07ff'
                            '\u0964-\u0965\u0e5a-\u0e5b\u104a-\u104f\u1360-\u1368\u17d4-\u17d6' -- India to Ethiopia
                            '\u1fbd\u1fbf-\u1fc1\u1fcd-\u1fcf\u1fdd-\u1fdf\u1fed-\u1fef\u1ffd-\u206f\u207a-\u207e\u208a-\u208e\u20a0-\u20c0' -- spaces, dashes, quotes, currencies, symbols
                            '\u2100-\u2101\u2103-\u2106\u2108-\u2109\u2114\u2116-\u2118\u211e-\u2123\u2125\u2127\u2129\u212e\u213a-\u213b'
                            '\u2140-\u2144\u214a-\u214d\u214f\u218a-\u244a\u249c-\u24e9\u2500-\u2775\u2794-\u2bff\u2ce5-\u2cea\u2cf9-\u2cfc'
                            '\u2cfe-\u2cff\u2d70\u2e00-\u2e2e\u2e30-\u3004'
                            '\u3008-\u3020\u3030\u3036-\u3037\u303d-\u303f\u309b-\u309c\u30a0\u30fb\u3190-\u3191\u3196-\u319f\u31c0-\u31e3' -- China, Japan, Korea
                            '\u3200-\u321e\u322a-\u3247\u3250\u3260-\u327f\u328a-\u32b0\u32c0-\u33ff'
                            '\ufe10-\ufe19\ufe30-\ufe6b\ufeff-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\uffe0-\ufffd' -- wide and small forms
                            '\U0001f10d-\U0001faff]+', -- pictures
                            ' ', 'g')
                    ELSE
                        regexp_replace(said, '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u007f]+', ' ', 'g')
                    END
                $$;
                """);
            migrationBuilder.Sql("ALTER TABLE turns DROP COLUMN heard_words;"); // and with it its index
            migrationBuilder.Sql(
                "ALTER TABLE turns ADD COLUMN heard_words tsvector GENERATED ALWAYS AS (to_tsvector('simple', bob_words(coalesce(heard_text, text)))) STORED;");
            migrationBuilder.Sql("CREATE INDEX ix_turns_heard_words ON turns USING gin (heard_words);");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.Sql("ALTER TABLE turns DROP COLUMN heard_words;");
            migrationBuilder.Sql(
                "ALTER TABLE turns ADD COLUMN heard_words tsvector GENERATED ALWAYS AS (to_tsvector('simple', coalesce(heard_text, text))) STORED;");
            migrationBuilder.Sql("CREATE INDEX ix_turns_heard_words ON turns USING gin (heard_words);");
            migrationBuilder.Sql("DROP FUNCTION bob_words(text);");
        }
    }
}
