using Bob.Actors.Conversation;
using static Bob.Actors.Records.JournalEntry;

namespace Bob.Actors.Records;

/// <summary>A conversation, out of the books. Pure.</summary>
public static class Conversation
{
    /// <summary>What a model session is to be told, so that it can go on with a call.</summary>
    public static IReadOnlyList<ConversationItem> From(IEnumerable<JournalEntry> entries) => Log(entries).Replay();

    /// <summary>The whole log of a call.</summary>
    public static ConversationLog Log(IEnumerable<JournalEntry> entries)
    {
        entries = [.. entries];
        var log = new ConversationLog();
        foreach (var entry in entries)
        {
            if (entry is CallOpened)
                log = new ConversationLog(); // announced again, after it had not reached Bob
            Add(log, entry);
        }

        if (UnfinishedKeys(entries) is { } keys)
            log.CallerPressed(keys.DigitsSoFar);
        return log;
    }

    /// <summary>The number that the caller was typing where the book ends; null: none.</summary>
    internal static KeyPressed? UnfinishedKeys(IEnumerable<JournalEntry> entries) =>
        entries.LastOrDefault(entry => entry is CallOpened or KeyPressed or KeysPressed) as KeyPressed;

    /// <summary>Tells a log what an entry says. Live calls and the books feed it in the same way. Of keys it has nothing before their number is whole.</summary>
    internal static void Add(ConversationLog log, JournalEntry entry)
    {
        switch (entry)
        {
            case CallerTurn turn:
                log.CallerTurn(turn.ItemId);
                break;
            case CallerWords words:
                log.CallerWords(words.ItemId, words.Text);
                break;
            case BobWords words:
                log.BobWordsSoFar(words.ItemId, words.TextSoFar);
                break;
            case JournalEntry.BobSaid said:
                log.BobSaid(said.ItemId, said.Text, said.Clip);
                break;
            case BobSpoke spoke:
                log.BobSpoke(spoke.ItemId, spoke.ReceivedMs);
                break;
            case BobCut cut:
                log.BobCut(cut.ItemId, cut.HeardMs, cut.ReceivedMs, cut.Lost);
                break;
            case JournalEntry.ToolCalled called:
                log.ToolCalled(called.CallId, called.Name, called.Arguments);
                break;
            case ToolReturned returned:
                log.ToolReturned(returned.CallId, returned.Output);
                break;
            case KeysPressed pressed:
                log.CallerPressed(pressed.Digits);
                break;
        }
    }
}
