using Npgsql;

namespace Bob.Host.Configuration;

/// <summary>The settings of the database. Relative paths start at the folder of <c>appsettings.json</c>.</summary>
public static class RecordsSettings
{
    private const string Form = "Write postgresql://USER:PASSWORD@HOST:5432/DATABASE, with %40 for an @ in the password";

    public static RecordsOptions Read(Settings settings, string contentRoot) => new(
        ReadServer(settings),
        ReadPath(settings, Keys.DatabasePath, "data/bob.db", contentRoot),
        settings.Flag(Keys.DatabaseRequired, true),
        ReadPath(settings, Keys.SpoolPath, "data/spool", contentRoot));

    private static string ReadPath(Settings settings, string key, string byDefault, string contentRoot)
    {
        var path = settings.Text(key) ?? byDefault;
        if (!path.Contains('\0'))
            return Path.GetFullPath(path, contentRoot);
        settings.Fault(key, "is no path", $"Write one such as {byDefault}");
        return byDefault;
    }

    /// <summary>An address, as hosting companies hand it out.</summary>
    private static string? ReadServer(Settings settings)
    {
        if (settings.Text(Keys.DatabaseUrl) is not { } text)
            return null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.Scheme is not ("postgres" or "postgresql") || url.Host.Length == 0
            || url.AbsolutePath.Trim('/') is not { Length: > 0 } database)
        {
            settings.Fault(Keys.DatabaseUrl, "is not the address of a PostgreSQL database", Form);
            return null;
        }

        var user = url.UserInfo.Split(':', 2);
        var connection = new NpgsqlConnectionStringBuilder
        {
            Host = url.Host,
            Port = url.Port < 0 ? 5432 : url.Port,
            Database = Uri.UnescapeDataString(database),
            Username = user[0].Length > 0 ? Uri.UnescapeDataString(user[0]) : null,
            Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : null,
        };
        foreach (var option in url.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var (name, value) = option.Split('=', 2) is [var first, var second] ? (first, Uri.UnescapeDataString(second)) : (option, "");
            if (name != "sslmode" || !Enum.TryParse<SslMode>(value.Replace("-", "", StringComparison.Ordinal), ignoreCase: true, out var mode))
            {
                settings.Fault(Keys.DatabaseUrl, "has an option that Bob does not know", "Write sslmode=require or sslmode=verify-full, or nothing, behind the ?");
                return null;
            }

            connection.SslMode = mode;
        }

        return connection.ConnectionString;
    }
}
