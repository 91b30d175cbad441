using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Bob.Host.Records;

/// <summary>
/// The tables. The same on SQLite and PostgreSQL but for the types of columns and the search for words, so each has a class, and migrations, of its own.
/// </summary>
public abstract class RecordsContext(DbContextOptions options) : DbContext(options)
{
    public DbSet<JournalRow> Journal => Set<JournalRow>();

    public DbSet<CallRow> Calls => Set<CallRow>();

    public DbSet<TurnRow> Turns => Set<TurnRow>();

    public DbSet<ToolRunRow> ToolRuns => Set<ToolRunRow>();

    public DbSet<CallerRow> Callers => Set<CallerRow>();

    public DbSet<MessageRow> Messages => Set<MessageRow>();

    public DbSet<UsageRow> Usage => Set<UsageRow>();

    protected override void ConfigureConventions(ModelConfigurationBuilder conventions)
    {
        conventions.Properties<Enum>().HaveConversion<string>();
        conventions.Properties<DateTimeOffset>().HaveConversion<Utc>();
    }

    protected override void OnModelCreating(ModelBuilder model)
    {
        model.Entity<JournalRow>(journal =>
        {
            journal.ToTable("journal").HasKey(row => new { row.CallSid, row.Number });
            journal.HasIndex(row => row.At);
        });
        model.Entity<CallRow>(calls =>
        {
            calls.ToTable("calls").HasKey(row => row.CallSid);
            calls.HasIndex(row => new { row.StartedAt, row.CallSid });
            calls.HasIndex(row => new { row.Caller, row.StartedAt, row.CallSid });
            calls.HasIndex(row => new { row.Result, row.StartedAt, row.CallSid });
            calls.HasIndex(row => new { row.Side, row.StartedAt, row.CallSid });
            calls.HasIndex(row => new { row.Reason, row.StartedAt, row.CallSid });
            calls.HasIndex(row => new { row.CostMicros, row.StartedAt, row.CallSid });
            calls.HasIndex(row => row.Node).HasFilter("ended_at IS NULL").HasDatabaseName("ix_calls_unended");
        });
        model.Entity<TurnRow>(turns =>
        {
            turns.ToTable("turns").HasKey(row => row.Id);
            turns.HasIndex(row => new { row.CallSid, row.ItemId }).IsUnique();
        });
        model.Entity<ToolRunRow>(tools =>
        {
            tools.ToTable("tool_runs").HasKey(row => row.Id);
            tools.HasIndex(row => new { row.CallSid, row.ToolCallId }).IsUnique();
        });
        model.Entity<CallerRow>(callers =>
        {
            callers.ToTable("callers").HasKey(row => row.Number);
            callers.HasIndex(row => row.Name);
        });
        model.Entity<MessageRow>(messages =>
        {
            messages.ToTable("messages").HasKey(row => row.Id);
            messages.HasIndex(row => row.At);
            messages.HasIndex(row => row.CallSid);
            messages.HasIndex(row => row.Id).HasFilter("handled_at IS NULL").HasDatabaseName("ix_messages_open");
            messages.HasIndex(row => row.Caller);
            messages.HasIndex(row => row.RecordingSid).IsUnique();
            messages.HasIndex(row => row.Node).HasFilter("recording_url IS NOT NULL").HasDatabaseName("ix_messages_unfetched");
        });
        model.Entity<UsageRow>(usage =>
        {
            usage.ToTable("usage").HasKey(row => row.Id);
            usage.HasIndex(row => row.CallSid);
            usage.HasIndex(row => row.At);
        });
        foreach (var entity in model.Model.GetEntityTypes())
        {
            foreach (var property in entity.GetProperties())
                property.SetColumnName(Snake(property.Name));
        }
    }

    private static string Snake(string name)
    {
        var snake = new StringBuilder(name.Length + 4);
        foreach (var c in name)
        {
            if (char.IsUpper(c) && snake.Length > 0)
                snake.Append('_');
            snake.Append(char.ToLowerInvariant(c));
        }

        return snake.ToString();
    }

    /// <summary>Times are stored as UTC, which sorts.</summary>
    private sealed class Utc() : ValueConverter<DateTimeOffset, DateTime>(
        time => time.UtcDateTime, stored => new DateTimeOffset(DateTime.SpecifyKind(stored, DateTimeKind.Utc)));
}

/// <summary>The tables in a file.</summary>
public sealed class SqliteRecords(DbContextOptions<SqliteRecords> options) : RecordsContext(options)
{
    /// <summary>For <c>dotnet ef migrations add NAME --context SqliteRecords --output-dir Records/Migrations/Sqlite</c>.</summary>
    public sealed class Design : IDesignTimeDbContextFactory<SqliteRecords>
    {
        public SqliteRecords CreateDbContext(string[] args) => new(new DbContextOptionsBuilder<SqliteRecords>().UseSqlite("Data Source=:memory:").Options);
    }
}

/// <summary>The tables on a server.</summary>
public sealed class PostgresRecords(DbContextOptions<PostgresRecords> options) : RecordsContext(options)
{
    protected override void OnModelCreating(ModelBuilder model)
    {
        base.OnModelCreating(model);
        model.Entity<JournalRow>().Property(row => row.Payload).HasColumnType("json");
    }

    /// <summary>For <c>dotnet ef migrations add NAME --context PostgresRecords --output-dir Records/Migrations/Postgres</c>.</summary>
    public sealed class Design : IDesignTimeDbContextFactory<PostgresRecords>
    {
        public PostgresRecords CreateDbContext(string[] args) => new(new DbContextOptionsBuilder<PostgresRecords>().UseNpgsql("Host=localhost").Options);
    }
}
