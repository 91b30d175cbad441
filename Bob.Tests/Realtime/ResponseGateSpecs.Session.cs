using AwesomeAssertions;
using Bob.Actors.Realtime;
using CsCheck;
using Xunit;

namespace Bob.Tests.Realtime;

/// <summary>A session and its server, whose events come in whatever order.</summary>
public sealed partial class ResponseGateSpecs
{
    /// <summary>
    /// A server and the leg on it, with messages under way in both directions: what the gate does is judged by what the server sees.
    /// </summary>
    private sealed class Session
    {
        private readonly ResponseGate _gate = new();
        private readonly Queue<object> _toServer = new();
        private readonly Queue<Action> _toLeg = new();
        private readonly Dictionary<string, string> _running = [];
        private readonly Dictionary<string, string> _responseOf = [];
        private readonly HashSet<string> _unanswered = [], _inConversation = [];
        private string? _active;
        private bool _callerSpeaks, _turnKnown, _asked;
        private int _responses, _calls, _wanted, _said;

        public void Run((int What, int Which)[] steps)
        {
            foreach (var (what, which) in steps)
                Step(what, which);
            if (_callerSpeaks)
                StopSpeaking();
            for (var i = 0; i < 200 && !(_gate.Idle && _toServer.Count == 0 && _toLeg.Count == 0 && _active is null); i++)
            {
                foreach (var call in _running.Keys.ToList())
                    Finish(call);
                Serve();
                Hear();
                if (_toServer.Count == 0 && _toLeg.Count == 0)
                    End();
            }

            _gate.Idle.Should().BeTrue("in the end nothing is left to say");
            _unanswered.Should().BeEmpty("no tool is left without an answer");
            _said.Should().Be(_wanted, "everything that was wanted was said, once");
        }

        private void Step(int what, int which)
        {
            switch (what)
            {
                case < 10:
                    if (_callerSpeaks)
                        StopSpeaking();
                    else
                        StartSpeaking();
                    break;
                case < 20 when _active is not null:
                    CallTool(which % 3 == 0);
                    break;
                case < 35 when _running.Count > 0:
                    Finish(_running.Keys.ElementAt(which % _running.Count));
                    break;
                case < 40:
                    _gate.Want(new ResponseRequest($"say-{++_wanted}"));
                    break;
                case < 60:
                    Serve();
                    break;
                case < 85:
                    Hear();
                    break;
                default:
                    End();
                    break;
            }

            Proceed();
        }

        private void StartSpeaking()
        {
            _callerSpeaks = true;
            Send(() =>
            {
                _gate.CallerStarted();
                _turnKnown = true;
            });
            End();
        }

        private void StopSpeaking()
        {
            _callerSpeaks = false;
            End();
            Create(null);
        }

        private void CallTool(bool twice)
        {
            var (call, response) = ($"c{++_calls}", _active!);
            Began();
            if (twice)
                Began();

            void Began() => Send(() =>
            {
                _gate.CallBegan(call, response);
                if (_responseOf.TryAdd(call, response))
                    _running[call] = response;
            });
        }

        private void Finish(string call)
        {
            _running.Remove(call);
            _toServer.Enqueue(call);
            _unanswered.Add(call);
            _gate.OutputSent(call, answer: true);
        }

        private void Proceed()
        {
            if (_gate.Next() is not { } request)
                return;
            _asked.Should().BeFalse("one request at a time is under way");
            _gate.Active.Should().BeNull();
            _turnKnown.Should().BeFalse("the caller has the word");
            if (request.Purpose == "tool")
                _unanswered.Should().NotBeEmpty("nobody answers twice");
            _asked = true;
            _toServer.Enqueue(request);
        }

        private void Serve()
        {
            if (!_toServer.TryDequeue(out var message))
                return;
            if (message is string call)
            {
                _inConversation.Add(call);
                Send(() => _gate.OutputConfirmed(call));
            }
            else if (_active is not null)
            {
                Send(() =>
                {
                    _asked = false;
                    _gate.Refused();
                });
            }
            else
            {
                Create((ResponseRequest)message);
            }
        }

        private void Create(ResponseRequest? request)
        {
            var response = _active = $"r{++_responses}";
            if (request is { Purpose: not "tool" })
                _said++;
            var seen = _inConversation.ToList();
            Send(() =>
            {
                _asked &= request is null;
                _turnKnown &= request is not null;
                _gate.Started(response);
                // A response answers the tools of which it has all outputs.
                _unanswered.RemoveWhere(call => seen.Contains(call)
                    && _responseOf.Where(other => other.Value == _responseOf[call]).All(other => seen.Contains(other.Key)));
            });
        }

        private void End()
        {
            if (_active is null)
                return;
            // No message is under way for as long as a response takes.
            for (; _toServer.Count + _toLeg.Count > 0; Hear())
                Serve();
            var response = _active;
            _active = null;
            Send(() => _gate.Ended(response));
            if (_responses % 4 == 0)
                Send(() => _gate.Ended(response)); // O42
        }

        private void Send(Action arrives) => _toLeg.Enqueue(arrives);

        private void Hear()
        {
            if (_toLeg.TryDequeue(out var arrives))
                arrives();
            Proceed();
        }
    }
}
