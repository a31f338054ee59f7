-- The endpoints of Marathon-LB's statistics port. Stock forks a shell for some of them, from inside
-- the worker: the shell inherits the worker's sockets, and traffic suffers (502 and 400 under load).
-- Nothing here forks: what is asked stands in files, and signals go through a named pipe.

local function text_of(name)
  local file = io.open(name, "rb")
  if not file then return "" end
  local text = file:read("*a")
  file:close()
  return text
end

-- Read now, while this worker reads it too.
local config = text_of("haproxy.cfg")

local function answer(applet, status, text)
  applet:set_status(status)
  applet:add_header("content-length", string.len(text))
  applet:add_header("content-type", "text/plain")
  applet:start_response()
  applet:send(text)
end

local function serve(name, text)
  core.register_service(name, "http", function(applet) answer(applet, 200, text()) end)
end

-- The workers, then their master: what `pidof haproxy` says in a container of its own.
serve("getpids", function()
  local master = text_of("/proc/self/stat"):match(".*%) %S (%d+)")
  local workers = text_of("/proc/" .. master .. "/task/" .. master .. "/children")
  return workers .. master .. "\n"
end)

serve("getconfig", function() return config end)
serve("getvhostmap", function() return text_of("domain2backend.map") end)
serve("getappmap", function() return text_of("app2backend.map") end)

local function signal(name, byte)
  core.register_service("signalmlb" .. string.lower(name), "http", function(applet)
    local pipe = io.open("signal", "w")
    if not pipe then
      answer(applet, 500, "Failed to send SIG" .. name .. " signal to marathon-lb")
      return
    end
    pipe:write(byte)
    pipe:close()
    answer(applet, 200, "Sent SIG" .. name .. " signal to marathon-lb")
  end)
end

signal("HUP", "h")
signal("USR1", "u")
