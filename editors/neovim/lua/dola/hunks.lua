---The hunks of a proposal: where each stands in the two texts. Pure.

---A part of a proposal that is decided about by itself, as the server sends it.
---@class dola.Hunk
---@field start lsp.Position In the text before.
---@field end lsp.Position
---@field text string What takes its place.

---The lines of a hunk in one text, from 1; where it only adds or removes there, the line it is at.
---@class dola.Lines
---@field first integer
---@field last integer

local M = {}

local ENDS = { unix = '\n', dos = '\r\n', mac = '\r' }

---The lines of a text as Neovim keeps those of a buffer, without their ends.
---@param text string
---@param format string The buffer's 'fileformat'.
---@return string[]
function M.lines(text, format)
  local lines = vim.split(text, ENDS[format], { plain = true })
  if #lines > 1 and lines[#lines] == '' then
    lines[#lines] = nil
  end
  return lines
end

---Where each hunk stands in the text before, and in the text after.
---@param hunks dola.Hunk[] In their order.
---@return { before: dola.Lines, after: dola.Lines }[]
function M.places(hunks)
  local places, shift = {}, 0
  for _, hunk in ipairs(hunks) do
    local first, last = hunk.start.line, hunk['end'].line
    local text = hunk.text:gsub('\r\n?', '\n')
    local _, breaks = text:gsub('\n', '')
    local after = first + shift
    -- A hunk that ends where a line begins does not touch that line.
    local whole = hunk['end'].character == 0 and last > first
    local ends = breaks > 0 and text:sub(-1) == '\n'
    table.insert(places, {
      before = { first = first + 1, last = last + (whole and 0 or 1) },
      after = { first = after + 1, last = after + breaks + (ends and 0 or 1) },
    })
    shift = shift + breaks - (last - first)
  end
  return places
end

---The hunk at a line, or right beside it; nil where there is none.
---@param places dola.Lines[]
---@param line integer From 1.
---@return integer? # The number of the hunk, from 1.
function M.at(places, line)
  local best, nearest = nil, 2
  for number, place in ipairs(places) do
    local away = math.max(place.first - line, line - place.last, 0)
    if away < nearest then
      best, nearest = number, away
    end
  end
  return best
end

return M
