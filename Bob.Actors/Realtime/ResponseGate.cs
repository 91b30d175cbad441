namespace Bob.Actors.Realtime;

/// <summary>What the model is asked to say.</summary>
/// <param name="Instructions">Replaces the session's instructions for this response, or null.</param>
/// <param name="Purpose">Goes along as metadata: tells our responses from the server's own.</param>
/// <param name="OnlyInSilence">Of no use any more once the caller speaks.</param>
public sealed record ResponseRequest(string Purpose, string? Instructions = null, string? ToolChoice = null, bool OnlyInSilence = false);

/// <summary>
/// Decides when <c>response.create</c> may be sent: never while a response is active, never into the caller's turn, once for all the tool calls
/// of a response. Pure.
/// </summary>
public sealed class ResponseGate
{
    private const string NotAnnounced = "(not announced)";
    private const string ToolPurpose = "tool";

    /// <summary>Responses that are remembered after their end: of one that is longer over, nothing comes any more, and nothing of it is still played.</summary>
    private const int Remembered = 64;

    private readonly Dictionary<string, string> _responseOfCall = [];
    private readonly HashSet<string> _openCalls = [];
    private readonly HashSet<string> _unconfirmedOutputs = [];
    private readonly HashSet<string> _spoken = [];
    private readonly HashSet<string> _ended = [];
    private readonly Queue<string> _endedInOrder = new();
    private readonly HashSet<string> _owed = []; // responses whose tools have outputs that the model has not spoken on
    private readonly HashSet<string> _answering = []; // those of them that the last request is to answer
    private readonly List<ResponseRequest> _wanted = [];
    private ResponseRequest? _asked, _presumed;
    private bool _callerTurn, _turnPresumed, _overtaken;

    /// <summary>The response in progress, or null.</summary>
    public string? Active { get; private set; }

    /// <summary>The same, if it is known by its id.</summary>
    public string? Announced => Active == NotAnnounced ? null : Active;

    /// <summary>Whether the model has nothing to say and nothing to do.</summary>
    public bool Idle => Active is null && _asked is null && _wanted.Count == 0 && _owed.Count == 0 && !_callerTurn && _openCalls.Count == 0;

    /// <summary>Whether a response will begin without any more being asked for.</summary>
    public bool Expects => ExpectsAsked || _callerTurn;

    /// <summary>Whether one will that was asked for.</summary>
    public bool ExpectsAsked => _asked is not null || Active == NotAnnounced;

    /// <summary>Asks for a response; a request of the same purpose that still waits is replaced. One that came too late for the silence is none.</summary>
    public void Want(ResponseRequest request)
    {
        if (_callerTurn && request.OnlyInSilence)
            return;
        _wanted.RemoveAll(waiting => waiting.Purpose == request.Purpose);
        _wanted.Add(request);
    }

    /// <summary>The request to send now, if one may be sent; it counts as sent.</summary>
    public ResponseRequest? Next()
    {
        if (Active is not null || _asked is not null || _callerTurn)
            return null;
        if (_wanted.Count > 0)
        {
            _asked = _wanted[0];
            _wanted.RemoveAt(0);
        }
        else if (_owed.Any(IsComplete))
        {
            _asked = new ResponseRequest(ToolPurpose);
        }
        else
        {
            return null;
        }

        // Whatever it is asked for, the model speaks on all the outputs it has by then.
        _presumed = null;
        _answering.Clear();
        _answering.UnionWith(_owed.Where(IsComplete));
        _owed.ExceptWith(_answering);
        _overtaken = false;
        return _asked;
    }

    /// <summary>The caller began to speak: the server answers by itself when they end.</summary>
    public void CallerStarted()
    {
        (_callerTurn, _turnPresumed, _overtaken) = (true, false, true);
        _wanted.RemoveAll(waiting => waiting.OnlyInSilence);
    }

    /// <summary>The caller's turn came to nothing: no answer will come by itself.</summary>
    public void CallerTurnVoid() => _callerTurn = false;

    /// <summary>A response began: ours if one was asked for, until the server says that it refused that; otherwise its own.</summary>
    public void Started(string responseId)
    {
        if (Active == responseId || _ended.Contains(responseId))
            return;
        if (Active is not (null or NotAnnounced))
            Remember(Active); // whose end never came
        Active = responseId;
        // Ours may have crossed the caller's first word; only the server's own is the answer to their turn.
        _turnPresumed = _callerTurn && _asked is not null;
        _callerTurn = _turnPresumed;
        (_presumed, _asked) = (_asked ?? _presumed, null);
        _owed.RemoveWhere(IsSeen);
        _answering.RemoveWhere(IsSeen);
    }

    /// <summary>A response ended. False when that changes nothing: another one is active, or it had ended before.</summary>
    public bool Ended(string responseId)
    {
        if (!Remember(responseId))
            return false;
        if (Active is null or NotAnnounced)
            _asked = null;
        else if (Active != responseId)
            return false;
        Active = null;
        return true;
    }

    /// <summary>The server would not create our response because it had one of its own: ask again after that one.</summary>
    public void Refused()
    {
        if ((_asked ?? _presumed) is not { } refused)
            return;
        if (_asked is not null)
            Active ??= NotAnnounced;
        else if (_turnPresumed)
            _callerTurn = false; // so the one that began is the server's own
        (_asked, _presumed, _turnPresumed) = (null, null, false);
        _owed.UnionWith(_answering);
        _answering.Clear();
        if (_overtaken && refused.OnlyInSilence)
            return;
        if (refused.Purpose != ToolPurpose && !_wanted.Exists(newer => newer.Purpose == refused.Purpose))
            _wanted.Insert(0, refused);
    }

    /// <summary>The server would not create our response for a reason of its own.</summary>
    /// <returns>False: none was waited for.</returns>
    public bool AskFailed()
    {
        if (_asked is null)
            return false;
        _asked = null;
        _answering.Clear();
        return true;
    }

    /// <summary>The response that <see cref="Refused"/> believed in has not shown in a long time.</summary>
    public void NeverAnnounced()
    {
        if (Active == NotAnnounced)
            Active = null;
    }

    /// <summary>Whether the response belongs to this session.</summary>
    public bool Has(string responseId) => Active == responseId || _ended.Contains(responseId);

    /// <summary>A response has words.</summary>
    public void Spoke(string responseId) => _spoken.Add(responseId);

    /// <summary>Whether a response has words.</summary>
    public bool HasSpoken(string responseId) => _spoken.Contains(responseId);

    /// <summary>A response calls a tool. The same call again changes nothing.</summary>
    public void CallBegan(string callId, string responseId)
    {
        if (_responseOfCall.TryAdd(callId, responseId))
            _openCalls.Add(callId);
    }

    /// <summary>Whether the call was made in this session.</summary>
    public bool Knows(string callId) => _responseOfCall.ContainsKey(callId);

    /// <summary>Whether the response that made the call has words as well.</summary>
    public bool SpokeWith(string callId) => _responseOfCall.TryGetValue(callId, out var response) && HasSpoken(response);

    /// <summary>A tool's output went out.</summary>
    /// <param name="answer">Whether the model should speak on it.</param>
    public void OutputSent(string callId, bool answer)
    {
        _openCalls.Remove(callId);
        _unconfirmedOutputs.Add(callId);
        if (answer)
            _owed.Add(ResponseOf(callId));
    }

    /// <summary>The server has the output in its conversation.</summary>
    public void OutputConfirmed(string callId) => _unconfirmedOutputs.Remove(callId);

    /// <summary>A response is over; false when that was known.</summary>
    private bool Remember(string responseId)
    {
        if (!_ended.Add(responseId))
            return false;
        _endedInOrder.Enqueue(responseId);
        if (_endedInOrder.Count <= Remembered)
            return true;
        var oldest = _endedInOrder.Dequeue();
        _ended.Remove(oldest);
        _spoken.Remove(oldest);
        foreach (var (callId, of) in _responseOfCall)
        {
            if (of == oldest && !_openCalls.Contains(callId))
                _responseOfCall.Remove(callId);
        }

        return true;
    }

    /// <summary>A call of a session that is gone stands for itself.</summary>
    private string ResponseOf(string callId) => _responseOfCall.GetValueOrDefault(callId, callId);

    /// <summary>Whether all tools that a response called have given their outputs.</summary>
    private bool IsComplete(string responseId) => !_openCalls.Any(call => ResponseOf(call) == responseId);

    /// <summary>Whether a response that begins now has all of them.</summary>
    private bool IsSeen(string responseId) => IsComplete(responseId) && !_unconfirmedOutputs.Any(call => ResponseOf(call) == responseId);
}
